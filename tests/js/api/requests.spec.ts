import { ApiError } from '../../../src/api/error';
import { Verbs } from '../../../src/api/verbs';

import { aRun } from '../builders';
import { FakeServer } from '../server';

describe('requests', () => {
  let server: FakeServer;
  let verbs: Verbs;

  beforeEach(() => {
    server = new FakeServer();
    verbs = new Verbs(server.requests, 'w1');
  });

  it('go to the server extension below the base URL', async () => {
    server.answers.set('POST workspaces/w1/runs/r1/cancel', { json: aRun({ id: 'r1' }) });
    await expect(verbs.cancel('r1')).resolves.toMatchObject({ id: 'r1' });
  });

  it('turn a refusal into an error with its code and sentence', async () => {
    server.answers.set('POST workspaces/w1/runs/r1/cancel', {
      status: 404,
      code: 'no_such_run',
      message: 'No run r1.'
    });
    await expect(verbs.cancel('r1')).rejects.toEqual(
      new ApiError('no_such_run', 'No run r1.', 404)
    );
  });

  it('say that nobody answers', async () => {
    await expect(verbs.cancel('r1')).rejects.toMatchObject({ code: 'unreachable', status: 0 });
  });

  it('name each submit, so that it can safely be sent again', async () => {
    server.answers.set('POST workspaces/w1/submit', { json: aRun() });
    await verbs.submit({ path: 'train.py' });
    await verbs.submit({ path: 'train.py', request_id: 'mine' });
    const ids = server.asked.map(asked => (asked.body as { request_id: string }).request_id);
    expect(ids[0]).toMatch(/^[0-9a-f]{16}$/);
    expect(ids[1]).toBe('mine');
  });

  it('that the page makes by itself do not count as activity', async () => {
    server.answers.set('workspaces/w1/runs/r1/history', { json: [] });
    server.answers.set('POST workspaces/w1/runs/r1/cancel', { json: aRun() });
    await verbs.history('r1');
    await verbs.cancel('r1');
    expect(server.asked.map(asked => asked.query.get('no_track_activity'))).toEqual([
      '1',
      null
    ]);
  });

  it('read the beginning of a file, whatever its size', async () => {
    server.answers.set('workspaces/w1/runs/r1/files/outputs/big.bin', {
      file: new Uint8Array(5_000).fill(7)
    });
    const { data, size } = await verbs.readFile('r1', 'outputs/big.bin', 100);
    expect([data.length, size]).toEqual([100, 5_000]);
  });

  it('read an empty file', async () => {
    server.answers.set('workspaces/w1/runs/r1/files/outputs/empty', {
      file: new Uint8Array(0)
    });
    const { data, size } = await verbs.readFile('r1', 'outputs/empty', 100);
    expect([data.length, size]).toEqual([0, 0]);
  });

  it('name files whatever is in their names', () => {
    expect(verbs.fileUrl('r1', 'outputs/50% <b>?#.txt')).toBe(
      'http://localhost/user/ada/mltrain/api/workspaces/w1/runs/r1/files/outputs/50%25%20%3Cb%3E%3F%23.txt'
    );
    expect(verbs.zipUrl('r1', 'outputs/')).toMatch(/\/runs\/r1\/zip\?prefix=outputs%2F$/);
  });
});
