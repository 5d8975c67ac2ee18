import { ApiError } from '../../../src/api/error';
import type { Tab } from '../../../src/runpage/model';
import { isTab, RunPageModel } from '../../../src/runpage/model';
import { aRun } from '../builders';
import type { IFakeWorkspace } from '../fakes';
import { aWorkspace, FakeTraining, settle, trans } from '../fakes';

const RUN = aRun({ id: 'r1' });

async function aPage(
  prepare: (workspace: IFakeWorkspace) => void = ({ runs }) => runs.known.set('r1', RUN),
  tab?: Tab
): Promise<[RunPageModel, IFakeWorkspace]> {
  const workspace = aWorkspace();
  prepare(workspace);
  const model = new RunPageModel(new FakeTraining([workspace]), 'w1', 'r1', trans, tab);
  await settle();
  return [model, workspace];
}

describe('RunPageModel', () => {
  it('shows the run, kept up to date', async () => {
    const [model, { runs }] = await aPage();
    expect(model.run).toBe(RUN);
    const next = { ...RUN, version: 9 };
    runs.put(next);
    expect(model.run).toBe(next);
    runs.put(aRun({ id: 'another' }));
    expect(model.run).toBe(next);
  });

  it('says that there is no such run', async () => {
    const [model] = await aPage(() => undefined);
    expect([model.run, model.gone]).toEqual([null, true]);
    expect(model.problem).toBe('This run is not there (any more): r1');
    expect(model.retriable).toBe(false);
  });

  it('keeps showing what it knows of a run that is deleted', async () => {
    const [model, { runs }] = await aPage();
    runs.deleted.emit('r1');
    expect([model.run, model.gone]).toEqual([RUN, true]);
    expect(model.problem).toBe('This run was deleted. What is shown is what was known of it.');
  });

  it('loads the run when the server answers again', async () => {
    const [model, { runs, connection }] = await aPage(workspace => {
      workspace.runs.failure = new ApiError('unreachable', 'The server does not answer.', 0);
    });
    expect([model.gone, model.problem, model.retriable]).toEqual([
      false,
      'The server does not answer.',
      true
    ]);
    runs.failure = null;
    runs.known.set('r1', RUN);
    connection.become('up');
    await settle();
    expect([model.run, model.problem]).toEqual([RUN, null]);
  });

  it('says that the connection is cut, and tries again when asked to', async () => {
    const [model, { connection }] = await aPage();
    connection.become('cut', 'The Jupyter server does not answer.');
    expect(model.problem).toBe('The Jupyter server does not answer.');
    model.retry();
    expect(connection.retries).toBe(1);
    connection.become('up');
    expect(model.problem).toBeNull();
  });

  it('makes no fuss of a service that is started again', async () => {
    const [model, { connection }] = await aPage();
    connection.become('restarting');
    expect(model.problem).toBeNull();
  });

  it('says that the workspace is gone', async () => {
    const [model, { connection }] = await aPage();
    connection.become('gone');
    expect(model.problem).toBe('This workspace is not there any more.');
  });

  it('remembers its tab', async () => {
    const [model] = await aPage(undefined, 'files');
    const changed = jest.fn();
    model.changed.connect(changed);
    expect(model.tab).toBe('files');
    model.tab = 'details';
    model.tab = 'details';
    expect([model.tab, changed.mock.calls.length]).toEqual(['details', 1]);
    expect([isTab('files'), isTab('other'), isTab(null)]).toEqual([true, false, false]);
  });

  it('lets the workspace go', async () => {
    const [model, workspace] = await aPage();
    expect(workspace.held).toBe(1);
    model.dispose();
    expect(workspace.held).toBe(0);
  });
});
