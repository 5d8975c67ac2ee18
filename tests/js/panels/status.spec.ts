import { nullTranslator } from '@jupyterlab/translation';

import { RunningRuns } from '../../../src/panels/running';
import { StatusItem, statusOf } from '../../../src/panels/status';
import { aRun } from '../builders';

import { FakeTraining, FakeWorkspace } from './fakes';

const trans = nullTranslator.load('jupyter_mltrain');

describe('statusOf', () => {
  it('says nothing when there is nothing', () => {
    expect(statusOf(trans, new FakeWorkspace().asWorkspace)).toBeNull();
  });

  it('counts what runs and waits', () => {
    const workspace = new FakeWorkspace();
    workspace.queue.running = 2;
    workspace.queue.queued = 5;
    expect(statusOf(trans, workspace.asWorkspace)?.text).toBe('2 running · 5 queued');
  });

  it('says why nothing starts', () => {
    const workspace = new FakeWorkspace();
    workspace.queue.become({ queued: 1, paused: 'The disk is almost full.' });
    expect(statusOf(trans, workspace.asWorkspace)).toEqual({
      text: '1 queued · paused',
      title: 'The disk is almost full.',
      isWarning: true
    });
  });

  it('says what is wrong instead', () => {
    const workspace = new FakeWorkspace();
    workspace.queue.running = 2;
    workspace.connection.state = 'restarting';
    expect(statusOf(trans, workspace.asWorkspace)?.text).toBe(
      'Training service is being started again'
    );
  });
});

describe('StatusItem', () => {
  it('is there only while it has something to say', () => {
    const workspace = new FakeWorkspace();
    const item = new StatusItem(new FakeTraining(workspace).asTraining, trans, () => undefined);
    const changes: boolean[] = [];
    item.activeChanged.connect(() => changes.push(item.isActive));
    workspace.queue.become({ running: 1 });
    workspace.queue.become({ running: 2 });
    workspace.queue.become({ running: 0 });
    expect(changes).toEqual([true, false]);
    item.dispose();
    expect(workspace.held).toBe(0);
  });

  it('follows the workspace that is chosen', () => {
    const [one, other] = [new FakeWorkspace('w1'), new FakeWorkspace('w2')];
    const training = new FakeTraining(one, other);
    const item = new StatusItem(training.asTraining, trans, () => undefined);
    training.choose('w2');
    expect([one.held, other.held]).toEqual([0, 1]);
    one.queue.become({ running: 1 });
    expect(item.isActive).toBe(false);
    other.queue.become({ running: 1 });
    expect(item.isActive).toBe(true);
    item.dispose();
  });
});

describe('RunningRuns', () => {
  function aPanel(workspace: FakeWorkspace): { panel: RunningRuns; told: string[] } {
    const told: string[] = [];
    const panel = new RunningRuns({
      training: new FakeTraining(workspace).asTraining,
      trans,
      open: (_, run) => told.push(`open ${run}`),
      cancel: (_, run) => told.push(`cancel ${run}`)
    });
    return { panel, told };
  }

  const running = aRun({ id: 'a', state: 'Running', ended_at: null });
  const canceling = aRun({ id: 'b', number: 43, state: 'CancelRequested', ended_at: null });

  it('lists what has not ended, each with a way to stop it', () => {
    const workspace = new FakeWorkspace();
    workspace.runs.rows = [running, canceling];
    const { panel, told } = aPanel(workspace);
    expect(workspace.runs.lists[0].filter.states).not.toContain('Completed');
    const [first, second] = panel.running();
    expect(first.label()).toBe('digits #42');
    first.open?.();
    first.shutdown?.();
    expect(second.shutdown).toBeUndefined();
    expect(told).toEqual(['open a', 'cancel a']);
    panel.dispose();
  });

  it('stops all that can be stopped', () => {
    const workspace = new FakeWorkspace();
    workspace.runs.rows = [running, canceling];
    const { panel, told } = aPanel(workspace);
    panel.shutdownAll();
    expect(told).toEqual(['cancel a']);
    panel.dispose();
  });

  it('tells when the list has changed', () => {
    const workspace = new FakeWorkspace();
    const { panel } = aPanel(workspace);
    let changes = 0;
    panel.runningChanged.connect(() => (changes += 1));
    workspace.runs.lists[0].become([running]);
    expect(changes).toBe(1);
    expect(panel.running()).toHaveLength(1);
    panel.dispose();
  });
});
