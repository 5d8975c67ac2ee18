import { nullTranslator } from '@jupyterlab/translation';
import { act, fireEvent, render, screen, within } from '@testing-library/react';
import * as React from 'react';

import type * as wire from '../../../src/api/wire';
import { COMMANDS as COMPUTES } from '../../../src/computes/names';
import { COMMANDS as ENVIRONMENTS } from '../../../src/environments/names';
import { COMMANDS } from '../../../src/panels/commands';
import { SidebarModel } from '../../../src/panels/model';
import { QueueOrder } from '../../../src/panels/queuemoves';
import { SidebarView } from '../../../src/panels/sidebarview';
import { statusCommand } from '../../../src/panels/trouble';
import { aRun, aTarget } from '../builders';

import { anEntry, FakeTraining, FakeWorkspace, recordedCommands } from './fakes';

const trans = nullTranslator.load('jupyter_mltrain');

interface IShown {
  training: FakeTraining;
  workspace: FakeWorkspace;
  model: SidebarModel;
  executed: [string, unknown][];
}

async function show(
  prepare: (training: FakeTraining) => void = () => undefined
): Promise<IShown> {
  const workspace = new FakeWorkspace('w1', {
    experiments: () => Promise.resolve({ few: 1, many: 9 }),
    prioritize: () => Promise.resolve(aRun())
  });
  const training = new FakeTraining(workspace, new FakeWorkspace('w2'));
  prepare(training);
  const { commands, executed } = recordedCommands(COMMANDS, ENVIRONMENTS, COMPUTES);
  const model = new SidebarModel();
  const order = new QueueOrder(workspace.queue, workspace.verbs, () => undefined);
  render(
    <SidebarView
      training={training.asTraining}
      model={model}
      orderOf={() => order}
      commands={commands}
      trans={trans}
    />
  );
  await act(() => Promise.resolve());
  return { training, workspace, model, executed };
}

function withRuns(...runs: wire.Run[]): (training: FakeTraining) => void {
  return ({ current }) => {
    (current as unknown as FakeWorkspace).runs.rows = runs;
  };
}

const target = aTarget({
  capacity: {
    cpus: 8,
    memory_bytes: 16_000_000_000,
    gpus: [{ index: 0, name: 'H200', memory_bytes: 140_000_000_000 }]
  },
  leases: { a: { cpus: 2, memory_bytes: 4_000_000_000, gpus: [0] } },
  queued: 2
});

describe('SidebarView', () => {
  it('says how to begin when there are no runs', async () => {
    const { executed } = await show();
    screen.getByText('No runs yet.');
    fireEvent.click(screen.getAllByRole('button', { name: 'New run' })[0]);
    expect(executed).toEqual([[COMMANDS.newRun, {}]]);
  });

  it('holds the connection', async () => {
    const { workspace } = await show();
    expect(workspace.held).toBe(1);
  });

  it('says that the server has no such extension, and tries again', async () => {
    const { training } = await show(each => {
      each.problem = 'The Jupyter server does not have jupyter_mltrain.';
      each.current = null;
    });
    const alert = screen.getByRole('alert');
    expect(alert.textContent).toContain('does not have jupyter_mltrain');
    fireEvent.click(within(alert).getByRole('button', { name: 'Retry' }));
    expect(training.refreshed).toBe(1);
  });

  it('says why the service cannot start, and stays readable', async () => {
    const { workspace } = await show(withRuns(aRun()));
    act(() => workspace.connection.become('failed', 'The disk is full.'));
    const alert = screen.getByRole('alert');
    expect(alert.textContent).toContain('The disk is full.');
    expect(alert.textContent).toContain('jupyter mltrain status');
    fireEvent.click(within(alert).getByRole('button', { name: 'Retry' }));
    expect(workspace.connection.retries).toBe(1);
    screen.getByRole('grid', { name: 'Runs' });
    act(() => workspace.connection.become('up'));
    expect(screen.queryByRole('alert')).toBeNull();
  });

  it('gives the command for the very workspace', () => {
    const info = { id: 'w', name: 'w', default: false, there: true };
    expect(statusCommand({ ...info, directory: '/data/w' })).toBe(
      'jupyter mltrain --workspace /data/w status'
    );
    expect(statusCommand({ ...info, directory: "/my data/it's" })).toBe(
      "jupyter mltrain --workspace '/my data/it'\\''s' status"
    );
  });

  it('says what it waits for when that takes long', async () => {
    jest.useFakeTimers();
    const { workspace } = await show(({ current }) => {
      (current as unknown as FakeWorkspace).connection.state = 'connecting';
    });
    expect(screen.queryByText(/Still waiting/)).toBeNull();
    act(() => jest.advanceTimersByTime(10_000));
    screen.getByText('Still waiting for the training service of w1');
    act(() => workspace.connection.become('up'));
    expect(screen.queryByText(/Still waiting/)).toBeNull();
    jest.useRealTimers();
  });

  it('lets the user choose among several workspaces', async () => {
    const info = { directory: '/w', default: false, there: true };
    const { training } = await show(each => {
      each.workspaces = [
        { ...info, id: 'w1', name: 'default' },
        { ...info, id: 'w2', name: 'vision', there: false }
      ];
    });
    const select = screen.getByRole('combobox', { name: 'Workspace' });
    within(select).getByText('vision (folder is gone)');
    act(() => {
      fireEvent.change(select, { target: { value: 'w2' } });
    });
    expect(training.current?.id).toBe('w2');
  });

  it('filters by state, shows the condition, and takes it away', async () => {
    const { workspace, model } = await show();
    fireEvent.click(screen.getByRole('button', { name: 'Filter runs' }));
    await act(() => Promise.resolve());
    fireEvent.click(screen.getByRole('button', { name: 'Failed' }));
    expect(workspace.runs.lists.at(-1)?.filter).toEqual({ states: ['Failed'] });
    screen.getByText('No run fits the filter.');
    fireEvent.click(screen.getByRole('button', { name: 'Remove the filter Failed' }));
    expect(model.isFiltered).toBe(false);
  });

  it('offers the experiments, those with most runs first', async () => {
    const { workspace } = await show();
    fireEvent.click(screen.getByRole('button', { name: 'Filter runs' }));
    await act(() => Promise.resolve());
    const select = screen.getByRole('combobox', { name: 'Experiment' });
    const names = within(select)
      .getAllByRole('option')
      .map(option => option.textContent);
    expect(names).toEqual(['any experiment', 'many', 'few']);
    fireEvent.change(select, { target: { value: 'few' } });
    expect(workspace.runs.lists.at(-1)?.filter).toEqual({ experiment: 'few' });
  });

  it('searches once typing pauses', async () => {
    jest.useFakeTimers();
    const { workspace } = await show();
    const box = screen.getByRole('searchbox');
    fireEvent.change(box, { target: { value: 'dig' } });
    fireEvent.change(box, { target: { value: 'digits ' } });
    expect(workspace.runs.lists).toHaveLength(1);
    act(() => jest.advanceTimersByTime(300));
    expect(workspace.runs.lists.at(-1)?.filter).toEqual({ text: 'digits' });
    expect(workspace.runs.lists).toHaveLength(2);
    expect(workspace.runs.lists[0].isDisposed).toBe(true);
    jest.useRealTimers();
  });

  it('shows the queue in order, with reasons', async () => {
    const { workspace } = await show();
    act(() =>
      workspace.queue.become({
        queued: 2,
        entries: [
          anEntry({ run_id: 'a', label: 'resnet #1' }),
          anEntry({
            run_id: 'b',
            label: 'resnet #2',
            position: 2,
            reason: '2nd in line; behind resnet #1'
          })
        ]
      })
    );
    screen.getByRole('button', { name: 'Queue · 2' });
    const items = within(screen.getByRole('list', { name: /^Waiting runs/ })).getAllByRole(
      'listitem'
    );
    expect(items.map(item => item.textContent)).toEqual([
      '1resnet #1waiting for 1 GPU',
      '2resnet #2behind resnet #1'
    ]);
  });

  it('moves a waiting run with the keyboard, and says so', async () => {
    const { workspace } = await show();
    act(() =>
      workspace.queue.become({
        queued: 2,
        entries: [anEntry({ run_id: 'a', label: 'x' }), anEntry({ run_id: 'b', label: 'y' })]
      })
    );
    fireEvent.keyDown(screen.getByRole('button', { name: 'y' }), {
      key: 'ArrowUp',
      altKey: true
    });
    expect(workspace.verbs.asked).toContainEqual(['prioritize', 'b', { before: 'a' }]);
    screen.getByText('y is now number 1 in line');
  });

  it('shows what each compute target has, who holds it, and what waits', async () => {
    const { workspace, model, executed } = await show(({ current }) => {
      const fake = current as unknown as FakeWorkspace;
      fake.computes.targets = [target];
      fake.runs.know(aRun({ id: 'a' }), aRun({ id: 'q1' }));
      fake.queue.entries = [anEntry()];
    });
    act(() => model.toggle('compute'));
    expect(workspace.computes.targets).toHaveLength(1);
    const cpus = screen.getByRole('meter', { name: 'CPUs' });
    expect(cpus.getAttribute('aria-valuetext')).toBe('2 of 8');
    screen.getByText('4 GB of 16 GB');
    screen.getByText('2 CPUs · 1 GPU · 4 GB');
    expect(screen.getByText(/runs wait/).textContent).toBe('2 runs wait · waiting for 1 GPU');
    fireEvent.click(screen.getByRole('button', { name: 'digits #42' }));
    expect(executed).toEqual([[COMMANDS.open, { workspace: 'w1', run: 'a' }]]);
  });

  it('says why an engine cannot be reached, and lets it be removed', async () => {
    const { model, executed } = await show(({ current }) => {
      const fake = current as unknown as FakeWorkspace;
      const unreachable = 'The engine at ssh://big does not answer.';
      fake.computes.targets = [
        aTarget(),
        aTarget({ name: 'big', kind: 'docker', url: 'ssh://big', unreachable })
      ];
    });
    act(() => model.toggle('compute'));
    screen.getByText('The engine at ssh://big does not answer.');
    expect(screen.getAllByRole('button', { name: /^Remove compute/ })).toHaveLength(1);
    fireEvent.click(screen.getByRole('button', { name: 'Remove compute big' }));
    fireEvent.click(screen.getByRole('button', { name: 'Add compute' }));
    expect(executed).toEqual([
      [COMPUTES.detach, { workspace: 'w1', compute: 'big' }],
      [COMPUTES.attach, { workspace: 'w1' }]
    ]);
  });

  it('remembers which sections are open, and no filter', () => {
    const model = new SidebarModel();
    model.filter = { text: 'x' };
    model.toggle('queue');
    const next = new SidebarModel();
    next.restore(JSON.parse(JSON.stringify(model)));
    expect(next.isOpen('queue')).toBe(false);
    expect(next.isOpen('runs')).toBe(true);
    expect(next.isFiltered).toBe(false);
  });

  it('restores nothing from what it does not understand', () => {
    const model = new SidebarModel();
    model.restore({ closed: 'all' });
    model.restore(null);
    expect(model.isOpen('runs')).toBe(true);
  });
});
