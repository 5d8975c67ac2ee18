import { act, fireEvent, render, screen, within } from '@testing-library/react';
import * as React from 'react';

import type * as wire from '../../../src/api/wire';
import { FilePreview, PreviewBody } from '../../../src/runpage/FilePreview';
import { FileTree } from '../../../src/runpage/filetree';
import { JsonTree } from '../../../src/runpage/JsonTree';
import { MetricsTab } from '../../../src/runpage/MetricsTab';
import type { Tab } from '../../../src/runpage/model';
import { RunPageModel } from '../../../src/runpage/model';
import type { IRunPageProps } from '../../../src/runpage/RunPageView';
import { RunPageView } from '../../../src/runpage/RunPageView';
import type { IVerbs } from '../../../src/tokens';
import {
  aModel,
  anEnvironment,
  anImage,
  anInput,
  aRun,
  aSpec,
  somePackages
} from '../builders';
import { aWorkspace, FakeTraining, settle, trans } from '../fakes';

const HISTORY: wire.StateChange[] = [
  { state: 'Queued', reason: 'waiting for 1 GPU', at: '2026-11-20T12:00:00Z' },
  { state: 'Running', reason: 'started', at: '2026-11-20T12:00:30Z' },
  { state: 'Completed', reason: 'exit status 0', at: '2026-11-20T12:01:04Z' }
];

function verbs(given: Partial<IVerbs> = {}): Partial<IVerbs> {
  return {
    zipUrl: () => '/zip',
    fileUrl: (_, name) => `/files/${name}`,
    models: () => Promise.resolve([]),
    history: () => Promise.resolve(HISTORY),
    snapshot: () =>
      Promise.resolve({
        files: [{ name: 'train.py', size_bytes: 20 }],
        total: 1,
        total_bytes: 20,
        next_after: null
      }),
    readSnapshotFile: () =>
      Promise.resolve({ data: new TextEncoder().encode('print("hi")'), size: 11 }),
    folder: () => Promise.resolve({ entries: [], total: 0, next_after: null }),
    ...given
  };
}

async function show(
  run: wire.Run,
  tab: Tab,
  given: Partial<IVerbs> = {},
  children: wire.Run[] = []
): Promise<
  jest.Mocked<
    Pick<
      IRunPageProps,
      | 'onCancel'
      | 'onAgain'
      | 'onOpen'
      | 'onOpenBuild'
      | 'onOpenModel'
      | 'onRegister'
      | 'onCopy'
    >
  >
> {
  const workspace = aWorkspace(verbs(given));
  workspace.runs.know(run);
  workspace.runs.rows = children;
  const model = new RunPageModel(new FakeTraining([workspace]), 'w1', run.id, trans, tab);
  const props = {
    onCancel: jest.fn(),
    onAgain: jest.fn(),
    onMenu: jest.fn(),
    onCopy: jest.fn(),
    onOpen: jest.fn(),
    onOpenBuild: jest.fn(),
    onOpenModel: jest.fn(),
    onRegister: jest.fn()
  };
  await act(async () => {
    render(
      <RunPageView
        id="p"
        model={model}
        tree={new FileTree(workspace.verbs, run.id)}
        visible={true}
        seen={true}
        trans={trans}
        {...props}
      />
    );
    await settle();
  });
  return props;
}

describe('the page', () => {
  it('says what the run is, and why', async () => {
    const run = aRun({
      state: 'Failed',
      reason: "No module named 'xgboost' (cell line 3).",
      advice: 'Install it.'
    });
    const { onAgain } = await show(run, 'details');
    expect(screen.getByRole('heading', { name: 'digits #42' })).toBeTruthy();
    expect(screen.getByRole('status').textContent).toBe('digits #42: Failed');
    expect(screen.getByText(/No module named/).textContent).toContain('Install it.');
    expect(screen.queryByRole('button', { name: 'Cancel run digits #42' })).toBeNull();
    fireEvent.click(screen.getByRole('button', { name: 'Run digits #42 again' }));
    expect(onAgain).toHaveBeenCalled();
  });

  it('cancels a run that goes on', async () => {
    const run = aRun({ state: 'Queued', started_at: null, ended_at: null });
    const { onCancel } = await show(run, 'details');
    fireEvent.click(screen.getByRole('button', { name: 'Cancel run digits #42' }));
    expect(onCancel).toHaveBeenCalled();
  });

  it('says which attempt it is, once it is not the first', async () => {
    await show(aRun({ attempt: 2, spec: aSpec({ retries: 2 }) }), 'details');
    expect(screen.getByText('attempt 2 of 3')).toBeTruthy();
    expect(screen.getByText('Attempt').nextElementSibling?.textContent).toBe('2 of 3');
  });

  it('does not speak of attempts where there is but one', async () => {
    await show(aRun(), 'details');
    expect(screen.queryByText('Attempt')).toBeNull();
  });

  it('ends a run that a notebook logs to, and does not offer it again', async () => {
    const spec = aSpec({ kind: 'interactive', script: '' });
    const { onCancel } = await show(
      aRun({ state: 'Running', ended_at: null, spec }),
      'details'
    );
    expect(screen.queryByText('Script')).toBeNull();
    expect(screen.queryByRole('region', { name: 'Resources' })).toBeNull();
    expect(screen.getByText('from a notebook')).toBeTruthy();
    fireEvent.click(screen.getByRole('button', { name: 'End run digits #42' }));
    expect(onCancel).toHaveBeenCalled();
  });

  it('has no output of a run that a notebook has logged to', async () => {
    await show(aRun({ spec: aSpec({ kind: 'interactive' }) }), 'output');
    expect(screen.getByText(/where its output stays/)).toBeTruthy();
    expect(screen.queryByRole('button', { name: 'Run digits #42 again' })).toBeNull();
  });

  it('has tabs that keys move between', async () => {
    await show(aRun(), 'details');
    const tab = screen.getByRole('tab', { selected: true });
    expect(tab.textContent).toBe('Details');
    expect(screen.getByRole('tabpanel', { name: 'Details' })).toBeTruthy();
    await act(async () => {
      fireEvent.keyDown(tab, { key: 'ArrowLeft' });
      await settle();
    });
    await act(async () => {
      fireEvent.keyDown(screen.getByRole('tab', { selected: true }), { key: 'ArrowLeft' });
      await settle();
    });
    const now = screen.getByRole('tab', { selected: true });
    expect([now.textContent, document.activeElement]).toEqual(['Files', now]);
    expect(screen.getByText('The run kept no files.')).toBeTruthy();
  });

  it('registers an output as a model, but no log', async () => {
    const entries = ['azureml-logs', 'outputs'].map(name => ({
      name,
      path: name,
      is_folder: true,
      size_bytes: null,
      modified_at: null
    }));
    const folder: IVerbs['folder'] = (_, query) =>
      Promise.resolve({
        entries: query?.path ? [] : entries,
        total: query?.path ? 0 : 2,
        next_after: null
      });
    const { onRegister } = await show(aRun(), 'files', { folder });
    const tree = screen.getByRole('tree', { name: 'Files of the run' });
    fireEvent.focus(tree);
    fireEvent.keyDown(tree, { key: 'Home' });
    expect(screen.queryByRole('button', { name: /^Register/ })).toBeNull();
    fireEvent.keyDown(tree, { key: 'End' });
    fireEvent.click(screen.getByRole('button', { name: 'Register outputs as model' }));
    expect(onRegister).toHaveBeenCalledWith('outputs');
  });

  it('is not blank for a run that is gone', async () => {
    const workspace = aWorkspace();
    const model = new RunPageModel(new FakeTraining([workspace]), 'w1', 'gone_1', trans);
    await settle();
    render(
      <RunPageView
        id="p"
        model={model}
        tree={new FileTree(workspace.verbs, 'gone_1')}
        visible={true}
        seen={true}
        trans={trans}
        onCancel={jest.fn()}
        onAgain={jest.fn()}
        onMenu={jest.fn()}
        onCopy={jest.fn()}
        onOpen={jest.fn()}
        onOpenBuild={jest.fn()}
        onOpenModel={jest.fn()}
        onRegister={jest.fn()}
      />
    );
    expect(screen.getByRole('alert').textContent).toContain('gone_1');
  });
});

describe('the details', () => {
  it('name the environment, what it was made into, and its packages', async () => {
    const run = aRun({
      spec: aSpec({
        environment: anEnvironment({
          name: 'fit',
          version: '2',
          image: anImage({ image: 'python:3.11' }),
          packages: somePackages({ pip: ['torch'] })
        })
      }),
      environment: {
        id: 'b1',
        hash: 'c0ffee',
        kind: 'image',
        interpreter: '/usr/bin/python3',
        python: '3.11.2',
        image: 'sha256:made',
        base: 'sha256:base',
        packages: 12,
        lock: 'sum',
        as_root: false
      }
    });
    const { onOpenBuild } = await show(run, 'details', {
      fileUrl: (_, name) => `/files/${name}`
    });
    const part = screen.getByRole('region', { name: 'Environment' });
    for (const fact of ['fit:2', 'python:3.11', 'sha256:base', 'sha256:made', '12 packages']) {
      expect(part.textContent).toContain(fact);
    }
    const lock = screen.getByRole('link', { name: 'their exact versions' });
    expect(lock.getAttribute('href')).toBe('/files/azureml-logs/environment.lock.txt');
    fireEvent.click(screen.getByRole('button', { name: 'how it was built' }));
    expect(onOpenBuild).toHaveBeenCalledWith('b1');
  });

  it('say exactly what ran', async () => {
    const run = aRun({
      spec: aSpec({
        arguments: ['--note', 'two words', '$HOME'],
        variables: { SEED: '1' },
        environment: anEnvironment({ name: 'py', interpreter: '/opt/py/bin/python' }),
        resources: { cpus: 2, gpus: 0, memory_bytes: 4 * 1024 ** 3 }
      }),
      git: { repository: 'git@host:a/b', branch: 'main', commit: 'abc123', dirty: true },
      exit: {
        status: 0,
        signal: null,
        cause: null,
        message: null,
        oom_killed: false,
        leftovers: 0,
        cpu_s: 75,
        max_rss_bytes: 1_400_000_000,
        ended_at: null
      }
    });
    const { onCopy } = await show(run, 'details');
    for (const text of [
      "--note 'two words' '$HOME'",
      '/opt/py/bin/python',
      'SEED=1',
      '2 CPUs · 4 GB',
      '1:15',
      '1.4 GB',
      'status 0',
      'main',
      'print("hi")'
    ]) {
      expect(screen.getByText(text)).toBeTruthy();
    }
    expect(screen.getByText('abc123').parentElement?.textContent).toContain(
      'with uncommitted changes'
    );
    fireEvent.click(screen.getByRole('button', { name: 'Copy the run id' }));
    expect(onCopy).toHaveBeenCalledWith(run.id);
  });

  it('say which data came in, how, and exactly which', async () => {
    const run = aRun({
      spec: aSpec({
        arguments: ['--data', 'DatasetConsumptionConfig:mnist'],
        inputs: [
          anInput(),
          anInput({ name: 'raw', dataset: null, version: null, mode: 'download' })
        ]
      }),
      data: [
        {
          name: 'mnist',
          path: '/w/data/mnist',
          files: 4,
          size_bytes: 55_000_000,
          fingerprint: '0123456789abcdef0123',
          dataset: 'mnist',
          version: 2
        }
      ]
    });
    const { onCopy } = await show(run, 'details');
    expect(screen.getByText('--data /w/data/mnist')).toBeTruthy();
    const part = screen.getByRole('region', { name: 'Data' });
    expect(part.textContent).toContain('mnist:2 · mounted · 4 files · 55 MB');
    expect(part.textContent).toContain('0123456789ab…');
    expect(part.textContent).toContain(
      'workspaceblobstore/mnist · downloaded · it was never brought'
    );
    fireEvent.click(screen.getByRole('button', { name: 'Copy the fingerprint of mnist' }));
    expect(onCopy).toHaveBeenCalledWith('0123456789abcdef0123');
  });

  it('say where outputs go', async () => {
    const output: wire.DataOutput = {
      name: 'prepared',
      datastore: 'workspaceblobstore',
      path: 'dataset/{run-id}/{output-name}',
      mode: 'mount',
      overwrite: false,
      source: null,
      register_as: 'clean',
      description: null,
      tags: {}
    };
    await show(aRun({ id: 'r1', spec: aSpec({ outputs: [output] }) }), 'details');
    const part = screen.getByRole('region', { name: 'Data' });
    expect(part.textContent).toContain(
      'workspaceblobstore/dataset/r1/prepared · registered as clean'
    );
  });

  it('name the models that were registered from it', async () => {
    const models = (): Promise<wire.Model[]> =>
      Promise.resolve([aModel({ name: 'tf-mnist', version: 3 })]);
    const { onOpenModel } = await show(aRun(), 'details', { models });
    fireEvent.click(screen.getByRole('button', { name: 'tf-mnist:3' }));
    expect(onOpenModel).toHaveBeenCalledWith('tf-mnist', 3);
  });

  it('say how long each state took, and why', async () => {
    await show(aRun(), 'details');
    const steps = within(screen.getByRole('region', { name: 'Timeline' })).getAllByRole(
      'listitem'
    );
    expect(
      steps.map(step => step.querySelector('.jp-mltrain-Details-took')?.textContent)
    ).toEqual(['0:30', '0:34', '']);
    expect(steps[0].textContent).toContain('waiting for 1 GPU');
  });

  it('change tags', async () => {
    const run = aRun({ tags: { best: null, by: 'ada' } });
    const tag = jest.fn(() => Promise.resolve(run));
    await show(run, 'details', { tag });
    fireEvent.click(screen.getByRole('button', { name: 'Remove tag best' }));
    expect(tag).toHaveBeenCalledWith(run.id, { remove: ['best'] });
    await act(settle);
    fireEvent.change(screen.getByLabelText('New tag'), { target: { value: 'kind = base=1' } });
    fireEvent.click(screen.getByRole('button', { name: 'Add tag' }));
    expect(tag).toHaveBeenLastCalledWith(run.id, { set: { kind: 'base=1' } });
    await act(settle);
  });

  it('say why a tag was refused', async () => {
    await show(aRun({ tags: { best: null } }), 'details', {
      tag: () => Promise.reject(new Error('The disk is full.'))
    });
    fireEvent.click(screen.getByRole('button', { name: 'Remove tag best' }));
    await act(settle);
    expect(screen.getByText('The disk is full.')).toBeTruthy();
  });

  it('lead to the run that this one was made from', async () => {
    const { onOpen } = await show(aRun({ properties: { again_of: 'first_1' } }), 'details');
    fireEvent.click(screen.getByRole('button', { name: 'first_1' }));
    expect(onOpen).toHaveBeenCalledWith('first_1');
  });
});

describe('the children', () => {
  const child = aRun({
    id: 'fold_1',
    number: 43,
    state: 'Failed',
    parent_id: aRun().id,
    spec: aSpec({ name: 'fold <1>' })
  });

  it('are listed with their states, and each opens its page', async () => {
    const { onOpen } = await show(aRun(), 'details', {}, [child]);
    const part = screen.getByRole('region', { name: 'Children' });
    const [row] = within(part).getAllByRole('listitem');
    expect(row.textContent).toBe('Failedfold <1> #431:03');
    fireEvent.click(within(row).getByRole('button', { name: 'fold <1> #43' }));
    expect(onOpen).toHaveBeenCalledWith('fold_1');
  });

  it('have no output of their own, and are run again with their parent', async () => {
    await show(child, 'output');
    expect(screen.getByText(/^It runs within its parent/)).toBeTruthy();
    expect(screen.queryByRole('button', { name: /again/ })).toBeNull();
  });

  it('are not spoken of where there are none', async () => {
    await show(aRun(), 'details');
    expect(screen.queryByRole('region', { name: 'Children' })).toBeNull();
  });

  it('come in pieces when there are many', async () => {
    const many = Array.from({ length: 60 }, (_, index) =>
      aRun({ ...child, id: `fold_${index}`, number: index })
    );
    await show(aRun(), 'details', {}, many);
    const part = screen.getByRole('region', { name: 'Children' });
    expect(within(part).getAllByRole('listitem')).toHaveLength(50);
    fireEvent.click(within(part).getByRole('button', { name: 'Show more of 60' }));
    expect(within(part).getAllByRole('listitem')).toHaveLength(60);
  });
});

describe('the metrics', () => {
  it('explain how they are logged while there are none', async () => {
    const workspace = aWorkspace();
    workspace.logged.ready = true;
    render(<MetricsTab workspace={workspace} run={aRun()} trans={trans} />);
    expect(screen.getByText(/run\.log\("loss", 0\.1\)/)).toBeTruthy();
  });

  it('that are no numbers are a table', () => {
    const workspace = aWorkspace();
    Object.assign(workspace.logged, { ready: true, texts: new Map([['best <b>', 'fold 3']]) });
    render(<MetricsTab workspace={workspace} run={aRun()} trans={trans} />);
    expect(screen.getByRole('row', { name: 'best <b> fold 3' })).toBeTruthy();
  });

  it('are let go with the tab', () => {
    const workspace = aWorkspace();
    const { unmount } = render(<MetricsTab workspace={workspace} run={aRun()} trans={trans} />);
    unmount();
    expect(workspace.logged.isDisposed).toBe(true);
  });
});

describe('a preview', () => {
  const entry: wire.FolderEntry = {
    name: 'a<b>\u202e.txt',
    path: 'outputs/a<b>\u202e.txt',
    is_folder: false,
    size_bytes: 5e9,
    modified_at: null
  };

  it('says how much of the file it shows, and shows its name harmlessly', async () => {
    const workspace = aWorkspace(
      verbs({
        readFile: () =>
          Promise.resolve({ data: new TextEncoder().encode('x'.repeat(256_000)), size: 5e9 })
      })
    );
    await act(async () => {
      render(<FilePreview verbs={workspace.verbs} runId="r1" entry={entry} trans={trans} />);
      await settle();
    });
    expect(screen.getByText('Showing the first 256 kB of 5 GB.')).toBeTruthy();
    expect(screen.getByRole('heading').textContent).toBe('a<b>\ufffd.txt');
  });

  it('shows markup as text', () => {
    const text = '<img src=x onerror=alert(1)>';
    const { container } = render(
      <PreviewBody
        preview={{ kind: 'text', text, readBytes: 28, sizeBytes: 28 }}
        name="a.html"
        trans={trans}
      />
    );
    expect(screen.getByText(text)).toBeTruthy();
    expect(container.querySelector('img')).toBeNull();
  });

  it('makes only as much of JSON as is open', () => {
    const value = {
      deep: { inner: 1 },
      list: Array.from({ length: 500 }, (_, index) => index)
    };
    const { container } = render(<JsonTree value={value} trans={trans} />);
    expect(container.textContent).toBe('{2 members}deep: {1 member}inner: 1list: [500 items]');
    const list = screen.getByText('[500 items]').closest('details');
    act(() => {
      list!.open = true;
      fireEvent(list!, new Event('toggle'));
    });
    expect(screen.getByText('and 300 more')).toBeTruthy();
  });
});
