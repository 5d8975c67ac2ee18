import type { IStateDB } from '@jupyterlab/statedb';

import { nullTranslator } from '@jupyterlab/translation';

import { VERSION } from '../../../src/api/wire';
import { Training } from '../../../src/model/training';

import { FakeServer, settled } from '../server';

const WORKSPACES = [
  { id: 'w1', name: 'default', directory: '/d', default: true, there: true },
  { id: 'w2', name: 'paper', directory: '/p', default: false, there: true },
  { id: 'w3', name: 'moved', directory: '/m', default: false, there: false }
];

class Memory implements Pick<IStateDB, 'fetch' | 'save'> {
  value: unknown = undefined;

  fetch(): Promise<undefined> {
    return Promise.resolve(this.value as undefined);
  }

  save(_: string, value: unknown): Promise<void> {
    this.value = value;
    return Promise.resolve();
  }
}

describe('training', () => {
  let server: FakeServer;
  let memory: Memory;

  beforeEach(() => {
    server = new FakeServer();
    memory = new Memory();
    server.answers.set('workspaces', { json: { version: VERSION, workspaces: WORKSPACES } });
  });

  function made(start: Promise<unknown> = Promise.resolve()): Training {
    const trans = nullTranslator.load('jupyter_mltrain');
    return new Training(server.settings, trans, memory as unknown as IStateDB, start);
  }

  it('asks for nothing before it is time', () => {
    made(new Promise(() => undefined));
    expect(server.asked).toEqual([]);
  });

  it('begins with the default workspace', async () => {
    const training = made();
    await training.ready;
    expect(training.current?.id).toBe('w1');
  });

  it('remembers another that was chosen', async () => {
    const training = made();
    await training.ready;
    training.choose('w2');
    const next = made();
    await next.ready;
    expect(next.current?.id).toBe('w2');
  });

  it('does not go back to one that is no longer there', async () => {
    memory.value = 'w3';
    const training = made();
    await training.ready;
    expect(training.current?.id).toBe('w1');
  });

  it('says that the server lacks its part', async () => {
    server.answers.set('workspaces', {
      status: 404,
      code: 'no_such_route',
      message: 'Not Found'
    });
    const training = made();
    await training.ready;
    expect(training.current).toBeNull();
    expect(training.problem).toContain('does not have jupyter_mltrain');
  });

  it('notices that the server has another version, also one that was restarted', async () => {
    const training = made();
    await training.ready;
    expect(training.isOutdated).toBe(false);
    server.answers.set('workspaces', { json: { version: '99.0', workspaces: WORKSPACES } });
    training.workspace('w1').connect();
    server.socket.cut();
    await settled();
    jest.useFakeTimers();
    training.workspace('w1').connection.retry();
    jest.useRealTimers();
    server.socket.say({ frame: 'beat' });
    await settled();
    expect(training.isOutdated).toBe(true);
  });

  it('goes on with the default workspace under its id once it is made', async () => {
    const unmade = { ...WORKSPACES[0], id: 'default' };
    server.answers.set('workspaces', { json: { version: VERSION, workspaces: [unmade] } });
    const training = made();
    await training.ready;
    expect(training.current?.id).toBe('default');
    server.answers.set('workspaces', { json: { version: VERSION, workspaces: WORKSPACES } });
    training.current?.connect();
    server.socket.say({ frame: 'reset', cursor: 'e:0' });
    await settled();
    expect(training.current?.id).toBe('w1');
  });

  it('gives everybody the same workspace', () => {
    const training = made();
    expect(training.workspace('w2')).toBe(training.workspace('w2'));
  });
});
