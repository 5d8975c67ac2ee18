import { Workspace } from '../../../src/model/workspace';

import { aRun } from '../builders';
import { FakeServer, settled } from '../server';

describe('the events connection', () => {
  let server: FakeServer;
  let workspace: Workspace;

  beforeEach(() => {
    jest.useFakeTimers();
    server = new FakeServer();
    workspace = new Workspace(server.requests, 'w1');
  });

  afterEach(() => jest.useRealTimers());

  function held(): void {
    workspace.connect();
    server.socket.open();
  }

  it('is not made before somebody looks, and is one for all who do', () => {
    expect(server.sockets).toEqual([]);
    workspace.connect();
    workspace.connect();
    expect(server.sockets).toHaveLength(1);
  });

  it('is closed a while after the last has gone', () => {
    const holding = workspace.connect();
    holding.dispose();
    expect(server.socket.closed).toBe(false);
    jest.advanceTimersByTime(10_000);
    expect(server.sockets[0].closed).toBe(true);
  });

  it('stays when somebody comes back at once', () => {
    workspace.connect().dispose();
    workspace.connect();
    jest.advanceTimersByTime(10_000);
    expect(server.sockets).toHaveLength(1);
    expect(server.socket.closed).toBe(false);
  });

  it('brings runs up to date', () => {
    held();
    server.socket.say({ frame: 'change', cursor: 'e:1', run: aRun({ id: 'r1', number: 7 }) });
    expect(workspace.runs.get('r1')?.number).toBe(7);
    server.socket.say({ frame: 'deleted', cursor: 'e:2', run_id: 'r1' });
    expect(workspace.runs.get('r1')).toBeUndefined();
  });

  it('goes on after a cut from the last thing it has heard', () => {
    held();
    server.socket.say({ frame: 'change', cursor: 'e:12', run: aRun() });
    server.socket.cut();
    expect(workspace.connection.state).toBe('cut');
    jest.advanceTimersByTime(100);
    expect(server.sockets).toHaveLength(2);
    expect(server.sockets[1].query.get('since')).toBe('e:12');
  });

  it('tries again less and less often', () => {
    workspace.connect();
    for (let index = 0; index < 8; index += 1) {
      server.sockets[server.sockets.length - 1].cut();
      jest.advanceTimersByTime(10_000);
    }
    const before = server.sockets.length;
    server.sockets[before - 1].cut();
    jest.advanceTimersByTime(3_500);
    expect(server.sockets).toHaveLength(before);
  });

  it('says how the service is', () => {
    held();
    server.socket.say({ frame: 'service', state: 'restarting', message: 'Starting it again.' });
    expect(workspace.connection.state).toBe('restarting');
    server.socket.say({ frame: 'service', state: 'failed', message: 'No space left.' });
    expect([workspace.connection.state, workspace.connection.message]).toEqual([
      'failed',
      'No space left.'
    ]);
    server.socket.say({ frame: 'service', state: 'up', message: '' });
    expect(workspace.connection.state).toBe('up');
  });

  it('asks the server to try again when the user does', () => {
    held();
    workspace.connection.retry();
    expect(server.socket.sent).toEqual(['{"op":"retry"}']);
  });

  it('says that the login has expired', async () => {
    server.answers.set('workspaces/w1/status', {
      status: 403,
      code: 'error',
      message: 'Forbidden'
    });
    held();
    server.socket.cut();
    await settled();
    expect(workspace.connection.state).toBe('refused');
    expect(workspace.connection.message).toContain('Reload');
  });

  it('says that the workspace is gone', async () => {
    server.answers.set('workspaces/w1/status', {
      status: 404,
      code: 'workspace',
      message: 'No workspace w1.'
    });
    held();
    server.socket.cut();
    await settled();
    expect([workspace.connection.state, workspace.connection.message]).toEqual([
      'gone',
      'No workspace w1.'
    ]);
  });

  it('asks again for what runs after a reset, and believes what it hears', async () => {
    workspace.runs.apply(aRun({ id: 'r1', state: 'Running', version: 9 }));
    server.answers.set('workspaces/w1/runs/r1', {
      json: aRun({ id: 'r1', state: 'Completed', version: 4 })
    });
    held();
    server.socket.say({ frame: 'reset', cursor: 'other:1' });
    await settled();
    expect(workspace.runs.get('r1')?.state).toBe('Completed');
  });
});

describe('the queue', () => {
  it('counts always, and lists while somebody holds it', async () => {
    const server = new FakeServer();
    const workspace = new Workspace(server.requests, 'w1');
    const entry = { run_id: 'r1', label: 'digits #1', position: 1, reason: 'waits' };
    server.answers.set('workspaces/w1/queue', { json: [entry] });
    workspace.connect();
    server.socket.say({ frame: 'queue', running: 2, queued: 1, paused: null });
    await settled();
    expect([workspace.queue.running, workspace.queue.queued]).toEqual([2, 1]);
    expect(server.asked).toEqual([]);
    const holding = workspace.queue.hold();
    await settled();
    expect(workspace.queue.entries).toEqual([entry]);
    holding.dispose();
  });

  it('keeps what it had when the server refuses', async () => {
    const server = new FakeServer();
    const workspace = new Workspace(server.requests, 'w1');
    server.answers.set('workspaces/w1/computes', {
      status: 503,
      code: 'service_unavailable',
      message: 'It does not start.'
    });
    const holding = workspace.computes.hold();
    await settled();
    expect(workspace.computes.targets).toBeNull();
    holding.dispose();
  });
});
