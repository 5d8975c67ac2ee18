import { act, fireEvent, render, screen } from '@testing-library/react';
import { DisposableDelegate } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';
import * as React from 'react';

import { ApiError } from '../../../src/api/error';
import type * as wire from '../../../src/api/wire';
import { CardModel } from '../../../src/runcard/model';
import type { ICardDeeds } from '../../../src/runcard/runcard';
import { RunCard } from '../../../src/runcard/runcard';
import type { IQueue } from '../../../src/tokens';
import { anEnvironment, aRun, aSpec, somePackages } from '../builders';
import type { IFakeWorkspace } from '../fakes';
import { aWorkspace, FakeTraining, settle, trans } from '../fakes';
import { FakeLog } from '../log/fakes';

// The terminal needs a browser; what it is given is tested elsewhere.
jest.mock('../../../src/log', () => ({
  LogView: (props: { log: { tail: { data: Uint8Array } }; label: string }) => (
    <pre aria-label={props.label}>{new TextDecoder().decode(props.log.tail.data)}</pre>
  )
}));

const FILES: wire.RunFile[] = [
  {
    name: 'azureml-logs/70_driver_log.txt',
    size_bytes: 9,
    modified_at: '2026-11-20T12:00:00Z'
  },
  { name: 'outputs/model.joblib', size_bytes: 12_000, modified_at: '2026-11-20T12:00:00Z' },
  { name: 'outputs/a.png', size_bytes: 8_000, modified_at: '2026-11-20T12:00:00Z' }
];

class FakeQueue implements IQueue {
  entries: wire.QueueEntry[] = [];
  running = 0;
  queued = 0;
  paused = null;
  held = 0;
  readonly changed = new Signal<this, void>(this);

  hold(): DisposableDelegate {
    this.held += 1;
    return new DisposableDelegate(() => (this.held -= 1));
  }
}

interface ICardParts {
  workspace: IFakeWorkspace;
  queue: FakeQueue;
  log: FakeLog;
  model: CardModel;
  done: string[];
  again: wire.Run[];
}

/** A card that is looked at; `server` is the run as the server has it. */
async function aCard(
  saved: wire.Run,
  server: wire.Run | null = saved,
  text = ''
): Promise<ICardParts> {
  const files = { files: FILES, total: 3, total_bytes: 20_009, next_after: null };
  const queue = new FakeQueue();
  const log = new FakeLog();
  const workspace = Object.assign(
    aWorkspace({
      files: () => Promise.resolve(files),
      fileUrl: (_, name) => `/files/${name}`,
      zipUrl: (_, prefix) => `/zip/${prefix ?? ''}`
    }),
    { queue, log: () => log }
  );
  if (server) {
    workspace.runs.put(server);
  }
  const card = { version: 1, workspace_id: 'w1', run: saved, files: FILES };
  const model = new CardModel(new FakeTraining([workspace]), trans, card, text);
  const parts: ICardParts = { workspace, queue, log, model, done: [], again: [] };
  const deeds: ICardDeeds = {
    cancel: () => {
      void model.cancel(() => {
        parts.done.push('cancel');
        return Promise.resolve(true);
      });
    },
    again: changes => {
      parts.done.push(`again ${JSON.stringify(changes)}`);
      void model.repeat(() => Promise.resolve(parts.again.shift() ?? null));
    },
    openRun: () => parts.done.push('open'),
    menu: () => parts.done.push('menu')
  };
  render(<RunCard model={model} deeds={deeds} trans={trans} />);
  await act(async () => {
    model.hold();
    await settle();
  });
  return parts;
}

function buttons(): string[] {
  return screen.queryAllByRole('button').map(button => button.textContent);
}

const RUNNING = aRun({ state: 'Running', reason: '', ended_at: null });

test('a running run shows its output, can be canceled and opened', async () => {
  const { done } = await aCard(RUNNING);
  expect(screen.getByText('Running')).toBeTruthy();
  expect(screen.getByLabelText('Output of digits #42')).toBeTruthy();
  fireEvent.click(screen.getByRole('button', { name: 'Open digits #42' }));
  expect(done).toEqual(['open']);
});

test('a cancel is said at once, and cannot be asked for twice', async () => {
  const { done } = await aCard(RUNNING);
  const cancel = screen.getByRole('button', { name: 'Cancel digits #42' });
  await act(async () => {
    fireEvent.click(cancel);
    fireEvent.click(cancel);
    await settle();
  });
  expect(done).toEqual(['cancel']);
  expect(screen.getByText('Canceling …')).toBeTruthy();
});

test('a queued run says its place and what it waits for', async () => {
  const run = aRun({ state: 'Queued', reason: 'Waiting for 1 GPU.', started_at: null });
  const { model, queue } = await aCard(aRun({ ...run, ended_at: null }));
  queue.entries = [
    {
      run_id: run.id,
      label: '',
      position: 2,
      reason: '2nd in line; waiting for 1 GPU: resnet #7 holds it',
      resources: { cpus: null, gpus: 1, memory_bytes: null }
    }
  ];
  act(() => queue.changed.emit());
  expect(screen.getByText('2nd in line; waiting for 1 GPU: resnet #7 holds it')).toBeTruthy();
  expect(queue.held).toBe(1);
  act(() => model.release());
  expect(queue.held).toBe(0);
});

test('a finished run is folded: outputs to download, the output with a click', async () => {
  await aCard(aRun());
  expect(screen.queryByLabelText('Output of digits #42')).toBeNull();
  const link = screen.getByRole('link', { name: 'Download model.joblib, 12 kB' });
  expect(link.getAttribute('href')).toBe('/files/outputs/model.joblib');
  expect(screen.getByText('2 outputs, 20 kB')).toBeTruthy();
  fireEvent.click(screen.getByRole('button', { name: 'Show the output of digits #42' }));
  expect(screen.getByLabelText('Output of digits #42')).toBeTruthy();
});

test('a run that ends while it is watched does not fold under the eyes', async () => {
  const { workspace } = await aCard(RUNNING);
  await act(async () => {
    workspace.runs.put(aRun({ version: 4 }));
    await settle();
  });
  expect(screen.getByText('Completed')).toBeTruthy();
  expect(screen.getByLabelText('Output of digits #42')).toBeTruthy();
});

test('a change of state is announced, what was so at first is not', async () => {
  const { workspace } = await aCard(RUNNING);
  const announced = (): string[] => screen.getAllByRole('status').map(each => each.textContent);
  expect(announced()).toEqual(['']);
  await act(async () => {
    workspace.runs.put(aRun({ version: 4 }));
    await settle();
  });
  expect(announced()).toEqual(['digits #42: Completed']);
});

test('a failure says why and what to do', async () => {
  await aCard(aRun({ state: 'Failed', reason: "No module named 'x'", advice: 'Install it.' }));
  expect(screen.getByText("No module named 'x'")).toBeTruthy();
  expect(screen.getByText('Install it.')).toBeTruthy();
});

test('a run that had too little memory is run again with twice as much', async () => {
  const exit = { cause: 'memory' } as wire.ExitRecord;
  const resources = { cpus: null, gpus: 0, memory_bytes: 4 * 1_024 ** 3 };
  const { done } = await aCard(aRun({ state: 'Failed', exit, spec: aSpec({ resources }) }));
  await act(async () => {
    fireEvent.click(screen.getByRole('button', { name: 'Run digits #42 again with 8 GB' }));
    await settle();
  });
  const changes = { resources: { ...resources, memory_bytes: 8 * 1_024 ** 3 } };
  expect(done).toEqual([`again ${JSON.stringify(changes)}`]);
});

const FIT = aSpec({ environment: anEnvironment({ name: 'fit', packages: somePackages() }) });

test('a run that lacked a module is run again with it in its environment', async () => {
  const { done } = await aCard(
    aRun({
      state: 'Failed',
      reason: "No module named 'xgboost' (cell line 3)",
      advice: 'Add it to the environment (`--pip xgboost`).',
      spec: FIT
    })
  );
  const name = 'Add xgboost to the environment and run digits #42 again';
  await act(async () => {
    fireEvent.click(screen.getByRole('button', { name }));
    await settle();
  });
  expect(screen.getByText('Add it and run again')).toBeTruthy();
  expect(done).toEqual(['again {"packages":["xgboost"]}']);
});

test('nothing is added to a Python of the machine', async () => {
  await aCard(aRun({ state: 'Failed', advice: 'Install it (`pip install xgboost`).' }));
  expect(screen.getByRole('button', { name: 'Run digits #42 again' })).toBeTruthy();
});

const PREPARING = aRun({
  state: 'Preparing',
  reason: 'building environment fit:1 · step 2 of 4, install packages',
  spec: FIT,
  started_at: null,
  ended_at: null
});

test('a run that is prepared says how far that is, and shows the log with a click', async () => {
  await aCard(PREPARING);
  expect(screen.getByText(/^Building environment fit:1 · step 2 of 4/)).toBeTruthy();
  expect(screen.queryByLabelText('How digits #42 is prepared')).toBeNull();
  fireEvent.click(screen.getByRole('button', { name: 'Show how digits #42 is prepared' }));
  expect(screen.getByLabelText('How digits #42 is prepared')).toBeTruthy();
});

test('what was closed while it was prepared is open again when it prints', async () => {
  const { workspace } = await aCard(PREPARING);
  fireEvent.click(screen.getByRole('button', { name: 'Show how digits #42 is prepared' }));
  fireEvent.click(screen.getByRole('button', { name: 'Hide how digits #42 is prepared' }));
  await act(async () => {
    workspace.runs.put({ ...RUNNING, spec: FIT, version: 9 });
    await settle();
  });
  expect(screen.getByLabelText('Output of digits #42')).toBeTruthy();
});

test('a run whose environment cannot be made has the log of that', async () => {
  await aCard(
    aRun({ state: 'Failed', reason: 'No such package.', spec: FIT, started_at: null })
  );
  fireEvent.click(screen.getByRole('button', { name: 'Show how digits #42 is prepared' }));
  expect(screen.getByLabelText('How digits #42 is prepared')).toBeTruthy();
});

test('the card goes on with the run that repeats its own', async () => {
  const parts = await aCard(aRun());
  const next = aRun({ ...RUNNING, id: 'digits_2', number: 43 });
  parts.workspace.runs.put(next);
  parts.again = [next];
  await act(async () => {
    fireEvent.click(screen.getByRole('button', { name: 'Run digits #42 again' }));
    await settle();
  });
  expect(screen.getByText('digits #43')).toBeTruthy();
  expect(
    screen.getByText('Runs digits #42 again; it was started from this card.')
  ).toBeTruthy();
});

test('a kernel that goes on updating its display changes nothing of that', async () => {
  const parts = await aCard(RUNNING);
  const before = screen.getByLabelText('Output of digits #42');
  const run = { ...RUNNING, version: 2 };
  act(() => parts.model.update({ version: 1, workspace_id: 'w1', run, files: [] }, 'more'));
  expect(screen.getByLabelText('Output of digits #42')).toBe(before);
  expect(parts.workspace.held).toBe(1);
});

test('another run in the same output begins anew', async () => {
  const parts = await aCard(aRun());
  const run = aRun({ ...RUNNING, id: 'digits_9', number: 99 });
  parts.workspace.runs.put(run);
  await act(async () => {
    parts.model.update({ version: 1, workspace_id: 'w1', run, files: [] }, '');
    await settle();
  });
  expect(screen.getByText('digits #99')).toBeTruthy();
});

test('a run that was deleted is shown as it was saved', async () => {
  await aCard(aRun(), null, '✓ Completed  digits #42  1:03\nepoch 1\nepoch 2');
  expect(
    screen.getByText('This run was deleted. What is shown was saved with the notebook.')
  ).toBeTruthy();
  expect(buttons()).toEqual(['Output']);
  expect(screen.queryByRole('link')).toBeNull();
  fireEvent.click(screen.getByRole('button', { name: 'Show the output of digits #42' }));
  expect(screen.getByLabelText('Output of digits #42').textContent).toBe('epoch 1\nepoch 2');
});

test('a workspace that is not among the user’s leaves what was saved', async () => {
  const { workspace } = await aCard(aRun());
  act(() => workspace.connection.become('gone'));
  expect(screen.getByText(/The workspace of this run is not among yours/)).toBeTruthy();
  expect(buttons()).toEqual(['Output']);
});

test('a connection that is cut is said, and what was heard stays', async () => {
  const { workspace } = await aCard(RUNNING);
  act(() => workspace.connection.become('cut', 'No answer; tried again in 3 s.'));
  expect(screen.getByText('No answer; tried again in 3 s.')).toBeTruthy();
  expect(screen.getByLabelText('Output of digits #42')).toBeTruthy();
});

test('a server that cannot be asked leaves what was saved, until it can', async () => {
  const { workspace, model } = await aCard(aRun(), null);
  act(() => model.release());
  workspace.runs.failure = new ApiError('unreachable', 'The server does not answer.', 0);
  const other = new CardModel(
    new FakeTraining([workspace]),
    trans,
    { version: 1, workspace_id: 'w1', run: aRun({ id: 'other' }), files: [] },
    ''
  );
  other.hold();
  await settle();
  expect(other.note).toBe(
    'The server does not answer. What is shown was saved with the notebook.'
  );
  workspace.runs.failure = null;
  workspace.runs.known.set('other', aRun({ id: 'other' }));
  workspace.connection.become('up');
  await settle();
  expect(other.note).toBeNull();
  expect(other.live).toBe(true);
});

test('a card that nobody sees holds nothing', async () => {
  const { workspace, model, log } = await aCard(RUNNING);
  expect(workspace.held).toBe(1);
  act(() => model.release());
  expect(workspace.held).toBe(0);
  expect(log.isDisposed).toBe(true);
  expect(workspace.logged.isDisposed).toBe(true);
});

test('names that others have chosen are shown harmlessly', async () => {
  await aCard(aRun({ spec: aSpec({ name: '<b>x</b>\u202e' }) }));
  expect(screen.getByText('<b>x</b>\ufffd #42')).toBeTruthy();
});
