import type * as wire from '../../../src/api/wire';
import { findIn } from '../../../src/model/build';
import { Workspace } from '../../../src/model/workspace';
import type { IBuild } from '../../../src/tokens';
import { aBuild } from '../builders';
import { FakeServer, settled } from '../server';

const AT = 'workspaces/w1/builds/b1';

function text(data: Uint8Array): string {
  return new TextDecoder().decode(data);
}

function bytes(content: string): Uint8Array {
  return new TextEncoder().encode(content);
}

describe('a build', () => {
  let server: FakeServer;
  let workspace: Workspace;

  beforeEach(() => {
    server = new FakeServer();
    workspace = new Workspace(server.requests, 'w1');
  });

  async function watched(record: wire.Build): Promise<IBuild> {
    server.answers.set(AT, { json: record });
    const build = workspace.build('b1');
    await settled();
    return build;
  }

  function print(offset: number, content: string): void {
    const data = bytes(content);
    server.socket.say({ frame: 'log', log: 'build.log', offset, size_bytes: data.length });
    server.socket.bytes(data);
  }

  it('is followed while it goes on, and to its end', async () => {
    const going = aBuild({ state: 'Building', ended_at: null });
    const build = await watched(going);
    server.socket.open();
    expect(server.socket.query.get('offset')).toBe('0');
    print(0, 'one\n');
    server.socket.say({ frame: 'build', build: { ...going, reason: 'step 2 of 2, install' } });
    print(4, 'two\n');
    expect(text(build.log.tail.data)).toBe('one\ntwo\n');
    expect([build.record?.reason, build.log.growing]).toEqual(['step 2 of 2, install', true]);
    const { socket } = server;
    socket.say({ frame: 'build', build: aBuild() });
    expect([build.record?.state, build.log.growing]).toEqual(['Built', false]);
    expect(socket.closed).toBe(true);
    build.dispose();
  });

  it('goes on where it was after a cut', async () => {
    jest.useFakeTimers();
    const build = await watched(aBuild({ state: 'Building' }));
    server.socket.open();
    print(0, 'one\n');
    server.socket.cut();
    jest.advanceTimersByTime(100);
    expect(server.socket.query.get('offset')).toBe('4');
    build.dispose();
    jest.useRealTimers();
  });

  it('that is over is not followed: its log is read', async () => {
    server.answers.set(`${AT}/log`, { file: bytes('all of it\n') });
    const build = await watched(aBuild());
    expect(server.sockets).toEqual([]);
    expect(text(build.log.tail.data)).toBe('all of it\n');
    build.dispose();
  });

  it('that is gone says so', async () => {
    const message = "No build 'b1'.";
    server.answers.set(AT, { status: 404, code: 'no_such_environment', message });
    const build = workspace.build('b1');
    await settled();
    expect([build.problem, build.log.problem]).toEqual([message, message]);
    build.dispose();
  });
});

describe('a search in its log', () => {
  const LOG = bytes('Größe: ERROR\nall well\nerror: 1\n');

  it.each<[string, number, boolean, number | null]>([
    ['error', 0, false, 9],
    ['error', 10, false, 24],
    ['ERROR', 24, true, 9],
    ['Größe', 0, false, 0],
    ['nowhere', 0, false, null],
    ['error', 0, true, null]
  ])('finds %j from %i (backwards: %j) at %j', (wanted, from, backwards, offset) => {
    expect(findIn(LOG, { text: wanted, from, backwards }).offset).toBe(offset);
  });

  it('names the line', () => {
    expect(findIn(LOG, { text: 'well', from: 0 })).toEqual({
      offset: 19,
      size_bytes: 4,
      line_offset: 15
    });
  });

  it('finds the next line that looks like an error', () => {
    expect(findIn(LOG, { text: null, from: 1 }).line_offset).toBe(24);
    expect(findIn(LOG, { text: null, from: 25 }).offset).toBeNull();
  });
});
