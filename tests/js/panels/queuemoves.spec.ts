import type * as wire from '../../../src/api/wire';
import type { QueueMove } from '../../../src/panels/queuemoves';
import { indexAfter, QueueOrder, reordered } from '../../../src/panels/queuemoves';
import { aRun } from '../builders';

import { FakeQueue } from '../fakes';

import { anEntry, fakeVerbs } from './fakes';

const ENTRIES = ['a', 'b', 'c', 'd'].map((id, index) =>
  anEntry({ run_id: id, label: `${id} #${index}`, position: index + 1 })
);

function ids(entries: readonly wire.QueueEntry[]): string {
  return entries.map(entry => entry.run_id).join('');
}

function order(
  prioritize: () => Promise<wire.Run> = () => Promise.resolve(aRun()),
  refused: (entry: wire.QueueEntry, error: unknown) => void = () => undefined
): { queue: FakeQueue; verbs: ReturnType<typeof fakeVerbs>; order: QueueOrder } {
  const queue = new FakeQueue();
  queue.entries = ENTRIES;
  const verbs = fakeVerbs({ prioritize });
  return { queue, verbs, order: new QueueOrder(queue, verbs, refused) };
}

describe('reordered', () => {
  it('moves up before the run that is there', () => {
    const { entries, request } = reordered(ENTRIES, 'c', 0)!;
    expect(ids(entries)).toBe('cabd');
    expect(request).toEqual({ before: 'a' });
  });

  it('moves down after the run that is there', () => {
    const { entries, request } = reordered(ENTRIES, 'a', 2)!;
    expect(ids(entries)).toBe('bcad');
    expect(request).toEqual({ after: 'c' });
  });

  it('counts the positions anew', () => {
    const { entries } = reordered(ENTRIES, 'd', 0)!;
    expect(entries.map(entry => entry.position)).toEqual([1, 2, 3, 4]);
  });

  it('has nothing to do for a run that stays, or does not wait', () => {
    expect(reordered(ENTRIES, 'a', 0)).toBeNull();
    expect(reordered(ENTRIES, 'd', 99)).toBeNull();
    expect(reordered(ENTRIES, 'x', 0)).toBeNull();
  });

  it.each<[QueueMove, number]>([
    ['front', 0],
    ['up', 0],
    ['down', 2],
    ['end', 3]
  ])('knows where %s is', (move, index) => {
    expect(indexAfter(ENTRIES, 'b', move)).toBe(index);
  });
});

describe('QueueOrder', () => {
  it('moves at once and asks the server', () => {
    const { order: moving, verbs } = order();
    moving.move('c', 0);
    expect(ids(moving.entries)).toBe('cabd');
    expect(verbs.asked).toEqual([['prioritize', 'c', { before: 'a' }]]);
  });

  it('asks for one move after the other', async () => {
    const answers: (() => void)[] = [];
    const { order: moving, verbs } = order(
      () => new Promise(resolve => answers.push(() => resolve(aRun())))
    );
    moving.move('c', 0);
    moving.move('c', 1);
    expect(ids(moving.entries)).toBe('acbd');
    expect(verbs.asked).toEqual([['prioritize', 'c', { before: 'a' }]]);
    answers[0]();
    await new Promise(process.nextTick);
    expect(verbs.asked.slice(1)).toEqual([['prioritize', 'c', { after: 'a' }]]);
  });

  it('goes on with the next move when one was refused', async () => {
    const { order: moving, verbs } = order(() => Promise.reject(new Error('too late')));
    moving.move('c', 0);
    moving.move('d', 0);
    await new Promise(process.nextTick);
    expect(verbs.asked).toHaveLength(2);
  });

  it('keeps the wanted order until the server tells the new one', async () => {
    const { order: moving, queue } = order();
    moving.move('c', 0);
    queue.become({ queued: 4 });
    expect(ids(moving.entries)).toBe('cabd');
    await Promise.resolve();
    queue.become({ entries: reordered(ENTRIES, 'c', 1)!.entries });
    expect(ids(moving.entries)).toBe('acbd');
  });

  it('goes back and says so when the server refuses', async () => {
    const refusals: unknown[] = [];
    const { order: moving } = order(
      () => Promise.reject(new Error('too late')),
      (entry, error) => refusals.push(entry.label, (error as Error).message)
    );
    moving.move('c', 0);
    await Promise.resolve();
    await Promise.resolve();
    expect(ids(moving.entries)).toBe('abcd');
    expect(refusals).toEqual(['c #2', 'too late']);
  });

  it('follows the server when a run has left the queue', () => {
    const { order: moving, queue } = order();
    moving.move('c', 0);
    queue.become({ entries: ENTRIES.slice(1) });
    expect(ids(moving.entries)).toBe('bcd');
  });
});
