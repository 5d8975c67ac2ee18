import type { ILog } from '../../../src/tokens';

import { Workspace } from '../../../src/model/workspace';

import { aRun } from '../builders';
import { FakeServer, settled } from '../server';

const LOG = 'azureml-logs/70_driver_log.txt';

function text(data: Uint8Array): string {
  return new TextDecoder().decode(data);
}

function bytes(content: string): Uint8Array {
  return new TextEncoder().encode(content);
}

describe('a log of a run that goes on', () => {
  let server: FakeServer;
  let workspace: Workspace;
  let log: ILog;

  beforeEach(async () => {
    server = new FakeServer();
    workspace = new Workspace(server.requests, 'w1');
    workspace.runs.apply(aRun({ id: 'r1', state: 'Running' }));
    log = workspace.log('r1', LOG);
    await settled();
    server.socket.open();
  });

  afterEach(() => log.dispose());

  function print(offset: number, content: string): void {
    const data = bytes(content);
    server.socket.say({ frame: 'log', log: LOG, offset, size_bytes: data.length });
    server.socket.bytes(data);
  }

  it('asks from the start, and for the end where the start is far away', () => {
    expect(server.socket.query.getAll('log')).toEqual([`${LOG}:0`]);
    expect(Number(server.socket.query.get('backlog'))).toBeGreaterThan(0);
  });

  it('comes piece by piece', () => {
    const pieces: string[] = [];
    log.appended.connect((_, piece) => pieces.push(text(piece.data)));
    print(0, 'epoch 1\n');
    print(8, 'epoch 2\n');
    expect(pieces).toEqual(['epoch 1\n', 'epoch 2\n']);
    expect(log.size).toBe(16);
    expect(text(log.tail.data)).toBe('epoch 1\nepoch 2\n');
  });

  it('goes on after a cut from the byte that it has reached', () => {
    jest.useFakeTimers();
    print(0, 'epoch 1\n');
    server.socket.cut();
    server.sockets.forEach(socket => (socket.closed = true));
    jest.advanceTimersByTime(100);
    jest.useRealTimers();
    expect(server.socket.query.getAll('log')).toEqual([`${LOG}:8`]);
  });

  it('takes no byte twice', () => {
    print(0, 'epoch 1\n');
    print(4, 'h 1\nepoch 2\n');
    print(0, 'epoch 1\n');
    expect(text(log.tail.data)).toBe('epoch 1\nepoch 2\n');
  });

  it('keeps what comes after a gap only, and says where it starts', () => {
    print(0, 'epoch 1\n');
    print(1_000, 'epoch 99\n');
    expect(log.tail.offset).toBe(1_000);
    expect(text(log.tail.data)).toBe('epoch 99\n');
  });

  it('keeps a bounded tail of a flood', () => {
    const line = 'x'.repeat(100_000);
    for (let index = 0; index < 20; index += 1) {
      print(index * line.length, line);
    }
    expect(log.size).toBe(2_000_000);
    expect(log.tail.data.length).toBeLessThan(400_000);
    expect(log.tail.offset + log.tail.data.length).toBe(2_000_000);
  });

  it('never changes what it has given out', () => {
    print(0, 'first\n');
    const { data } = log.tail;
    for (let index = 0; index < 20; index += 1) {
      print(6 + index * 100_000, 'x'.repeat(100_000));
    }
    expect(text(data)).toBe('first\n');
  });

  it('ends with the run, after all of its output', () => {
    print(0, 'done\n');
    server.socket.say({
      frame: 'run',
      run: aRun({ id: 'r1', version: 9, state: 'Completed' })
    });
    expect(log.growing).toBe(false);
    expect(workspace.runs.get('r1')?.state).toBe('Completed');
    expect(server.socket).toBeUndefined();
  });

  it('says why it cannot be followed', () => {
    server.socket.say({ frame: 'error', code: 'no_such_run', message: 'No run r1.' });
    expect(log.problem).toBe('No run r1.');
    expect(log.growing).toBe(false);
  });

  it('costs one connection however many look at the run', async () => {
    const other = workspace.log('r1', LOG);
    const metrics = workspace.metrics('r1');
    await settled();
    expect(server.sockets.filter(socket => !socket.closed)).toHaveLength(1);
    expect(server.socket.query.get('metrics')).toBe('0');
    other.dispose();
    metrics.dispose();
  });

  it('stays open until the last who looks has gone', async () => {
    const other = workspace.log('r1', LOG);
    log.dispose();
    await settled();
    expect(server.socket).toBeDefined();
    other.dispose();
    await settled();
    expect(server.socket).toBeUndefined();
  });

  it('disconnects those alone who have gone', () => {
    const heard: string[] = [];
    const other = workspace.log('r1', LOG);
    other.appended.connect(() => heard.push('other'));
    log.appended.connect(() => heard.push('log'));
    log.dispose();
    print(0, 'x');
    expect(heard).toEqual(['other']);
    other.dispose();
  });
});

describe('a log of a run that has ended', () => {
  it('is its end, without any connection', async () => {
    const server = new FakeServer();
    const content = new Uint8Array(1_000_000).fill(65);
    server.answers.set(`workspaces/w1/runs/r1/files/${LOG}`, { file: content });
    const workspace = new Workspace(server.requests, 'w1');
    workspace.runs.apply(aRun({ id: 'r1', state: 'Failed' }));
    const log = workspace.log('r1', LOG);
    await settled();
    expect(log.size).toBe(1_000_000);
    expect(log.growing).toBe(false);
    expect(log.tail.offset + log.tail.data.length).toBe(1_000_000);
    expect(log.tail.data.length).toBeGreaterThan(10_000);
    expect(server.sockets).toEqual([]);
    const piece = await log.read(10, 20);
    expect(piece).toEqual({ offset: 10, data: content.slice(10, 20) });
    log.dispose();
  });

  it('may be empty', async () => {
    const server = new FakeServer();
    server.answers.set(`workspaces/w1/runs/r1/files/${LOG}`, { file: new Uint8Array(0) });
    const workspace = new Workspace(server.requests, 'w1');
    workspace.runs.apply(aRun({ id: 'r1', state: 'Completed' }));
    const log = workspace.log('r1', LOG);
    await settled();
    expect([log.size, log.growing, log.problem]).toEqual([0, false, null]);
    log.dispose();
  });
});
