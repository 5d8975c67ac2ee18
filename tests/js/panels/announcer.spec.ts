import type { IStateDB } from '@jupyterlab/statedb';
import { StateDB } from '@jupyterlab/statedb';
import { nullTranslator } from '@jupyterlab/translation';

import type { IAnnouncement } from '../../../src/panels/announcer';
import { announcement, Announcer } from '../../../src/panels/announcer';
import type { Announce } from '../../../src/panels/endings';
import { aRun, aSpec } from '../builders';

import { FakeWorkspace } from './fakes';

const trans = nullTranslator.load('jupyter_mltrain');

interface IPage {
  workspace: FakeWorkspace;
  announcer: Announcer;
  shown: IAnnouncement[];
}

/** A page with the announcer; what it has to tell is in `shown` after `settled`. */
async function aPage(
  given: {
    workspace?: FakeWorkspace;
    state?: IStateDB | null;
    announce?: Announce;
    isInFront?: (runId: string) => boolean;
  } = {}
): Promise<IPage> {
  const workspace = given.workspace ?? new FakeWorkspace();
  const shown: IAnnouncement[] = [];
  const announcer = new Announcer(workspace.asWorkspace, {
    trans,
    state: given.state ?? null,
    announce: () => given.announce ?? 'all',
    isInFront: given.isInFront ?? (() => false),
    show: each => shown.push(each)
  });
  await settled();
  return { workspace, announcer, shown };
}

async function settled(): Promise<void> {
  await jest.advanceTimersByTimeAsync(5_000);
}

const running = aRun({ id: 'r1', number: 7, state: 'Running', ended_at: null });
const done = aRun({ id: 'r1', number: 7, version: 4 });

describe('Announcer', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  it('tells when a run ends, once', async () => {
    const { workspace, shown } = await aPage();
    workspace.runs.put(running);
    workspace.runs.put(done);
    workspace.runs.put({ ...done, version: 5 });
    await settled();
    expect(shown).toEqual([
      { type: 'success', message: 'digits #7 completed after 1:03.', runId: 'r1' }
    ]);
  });

  it('sums up runs that end together', async () => {
    const { workspace, shown } = await aPage();
    workspace.runs.put(done);
    workspace.runs.put(aRun({ id: 'r2', number: 8, state: 'Failed' }));
    await settled();
    expect(shown).toEqual([
      {
        type: 'error',
        message: '2 runs have ended: 1 completed, 1 failed or canceled. digits #8',
        runId: null
      }
    ]);
  });

  it('tells nothing old on the first page ever', async () => {
    const workspace = new FakeWorkspace();
    workspace.runs.rows = [done];
    const { shown } = await aPage({ workspace, state: new StateDB() });
    expect(shown).toEqual([]);
  });

  it('tells what ended while no page was open', async () => {
    const state = new StateDB();
    const first = await aPage({ state });
    first.workspace.runs.put(running);
    await settled();
    first.announcer.dispose();

    const workspace = new FakeWorkspace();
    workspace.runs.know(done);
    const { shown } = await aPage({ workspace, state });
    expect(shown.map(each => each.runId)).toEqual(['r1']);
  });

  it('tells it no third time after a reload', async () => {
    const state = new StateDB();
    const first = await aPage({ state });
    first.workspace.runs.put(done);
    await settled();
    first.announcer.dispose();

    const workspace = new FakeWorkspace();
    workspace.runs.rows = [done];
    const { shown } = await aPage({ workspace, state });
    expect(shown).toEqual([]);
  });

  it('takes in what changes before the first answer has come', async () => {
    const state = new StateDB();
    (await aPage({ state })).announcer.dispose();
    const workspace = new FakeWorkspace();
    workspace.runs.rows = null;
    const { shown } = await aPage({ workspace, state });
    workspace.runs.put(done);
    workspace.runs.lists[0].become([done]);
    await settled();
    expect(shown).toHaveLength(1);
  });

  it('keeps to itself what the user sees anyway', async () => {
    const { workspace, shown } = await aPage({ isInFront: id => id === 'r1' });
    workspace.runs.put(done);
    await settled();
    expect(shown).toEqual([]);
  });

  it('tells failures only, when so set', async () => {
    const { workspace, shown } = await aPage({ announce: 'failures' });
    workspace.runs.put(done);
    workspace.runs.put(aRun({ id: 'r2', state: 'Failed', reason: 'Out of memory' }));
    await settled();
    expect(shown.map(each => each.message)).toEqual(['digits #42 failed: Out of memory']);
  });

  it('holds the connection only while it lives', async () => {
    const { workspace, announcer } = await aPage();
    expect(workspace.held).toBe(1);
    announcer.dispose();
    expect(workspace.held).toBe(0);
    expect(workspace.runs.lists[0].isDisposed).toBe(true);
  });
});

describe('announcement', () => {
  it('gives the reason of a run that was ended for its time', () => {
    const run = aRun({ state: 'Canceled', reason: 'cancelled: over its limit of 1:00' });
    expect(announcement(trans, [run])).toMatchObject({
      type: 'warning',
      message: 'digits #42 was cancelled: over its limit of 1:00'
    });
  });

  it('shows names as harmless text', () => {
    const run = aRun({ spec: aSpec({ name: 'a\u202eb' }) });
    expect(announcement(trans, [run]).message).toContain('a\ufffdb #42');
  });
});
