import type * as wire from '../../../src/api/wire';
import type { IRunFilter, IRunList } from '../../../src/tokens';

import { matches } from '../../../src/model/runlist';
import { Runs } from '../../../src/model/runs';

import { aRun } from '../builders';
import { FakeServer, settled } from '../server';

/** A workspace with so many runs, the newest with the highest number. */
class Place {
  constructor(count: number) {
    for (let number = 1; number <= count; number += 1) {
      this.all.unshift(aRun({ id: `r${number}`, number }));
    }
    this.server.answers.set('workspaces/w1/runs', asked => {
      const skip = Number(asked.query.get('skip'));
      const limit = Number(asked.query.get('limit'));
      const runs = this.all.slice(skip, skip + limit);
      return { json: { runs, next_before: null, total: this.all.length } };
    });
  }

  readonly server = new FakeServer();
  readonly all: wire.Run[] = [];
  readonly runs = new Runs(this.server.requests, 'w1');

  async list(filter: IRunFilter = {}): Promise<IRunList> {
    const list = this.runs.list(filter);
    list.need(0, 20);
    await settled();
    return list;
  }
}

function numbers(list: IRunList, from: number, to: number): (number | undefined)[] {
  return Array.from({ length: to - from }, (_, index) => list.at(from + index)?.number);
}

describe('a list of runs', () => {
  it('knows how many there are, and loads those alone that are needed', async () => {
    const place = new Place(10_000);
    const list = await place.list();
    expect(list.length).toBe(10_000);
    expect(numbers(list, 0, 3)).toEqual([10_000, 9_999, 9_998]);
    expect(list.at(5_000)).toBeUndefined();
    expect(place.server.asked).toHaveLength(1);
    list.dispose();
  });

  it('loads from the middle', async () => {
    const place = new Place(10_000);
    const list = await place.list();
    list.need(5_010, 5_030);
    await settled();
    expect(numbers(list, 5_010, 5_012)).toEqual([4_990, 4_989]);
    list.dispose();
  });

  it('tells once of a page', async () => {
    const place = new Place(500);
    const list = await place.list();
    const heard = jest.fn();
    list.changed.connect(heard);
    list.need(200, 220);
    await settled();
    expect(heard).toHaveBeenCalledTimes(1);
    list.dispose();
  });

  it('asks once for what is asked for twice', async () => {
    const place = new Place(500);
    const list = await place.list();
    list.need(0, 20);
    list.need(5, 25);
    await settled();
    expect(place.server.asked).toHaveLength(1);
    list.dispose();
  });

  it('shows a new run at the top', async () => {
    const place = new Place(3);
    const list = await place.list();
    place.runs.apply(aRun({ id: 'r4', number: 4 }));
    expect(list.length).toBe(4);
    expect(numbers(list, 0, 4)).toEqual([4, 3, 2, 1]);
    list.dispose();
  });

  it('keeps its rows right when a run is new while a page is on its way', async () => {
    const place = new Place(400);
    const list = await place.list();
    list.need(200, 210);
    place.runs.apply(aRun({ id: 'r401', number: 401 }));
    await settled();
    expect(list.length).toBe(401);
    expect(numbers(list, 201, 203)).toEqual([200, 199]);
    list.dispose();
  });

  it('keeps its rows right when the server knows of a run first', async () => {
    const place = new Place(400);
    const list = await place.list();
    const fresh = aRun({ id: 'r401', number: 401 });
    place.all.unshift(fresh);
    list.need(200, 210);
    await settled();
    expect(list.length).toBe(401);
    expect(numbers(list, 200, 202)).toEqual([201, 200]);
    list.dispose();
  });

  it('loses a run that was deleted', async () => {
    const place = new Place(3);
    const list = await place.list();
    place.runs.applyDeleted('r2');
    expect(list.length).toBe(2);
    expect(numbers(list, 0, 2)).toEqual([3, 1]);
    list.dispose();
  });

  it('loses a run that no longer fits', async () => {
    const place = new Place(3);
    const list = await place.list({ states: ['Completed'] });
    place.runs.apply(aRun({ id: 'r2', number: 2, version: 5, state: 'Failed' }));
    expect(list.length).toBe(2);
    list.dispose();
  });

  it('says once that a row has changed, and nothing when nothing has', async () => {
    const place = new Place(3);
    const list = await place.list();
    const heard = jest.fn();
    list.changed.connect(heard);
    const run = aRun({ id: 'r2', number: 2, version: 5 });
    place.runs.apply(run);
    place.runs.apply(run);
    place.runs.apply(aRun({ id: 'r2', number: 2, version: 4 }));
    expect(heard).toHaveBeenCalledTimes(1);
    list.dispose();
  });

  it('looks again after a reset, at what is in view', async () => {
    const place = new Place(300);
    const list = await place.list();
    place.all.splice(0, 150);
    jest.useFakeTimers();
    const reset = place.runs.applyReset();
    jest.advanceTimersByTime(1_000);
    jest.useRealTimers();
    await settled();
    await reset;
    expect(list.length).toBe(150);
    expect(numbers(list, 0, 2)).toEqual([150, 149]);
    list.dispose();
  });

  it('says why it cannot be loaded', async () => {
    const place = new Place(3);
    place.server.answers.set('workspaces/w1/runs', {
      status: 503,
      code: 'service_unavailable',
      message: 'The service does not start.'
    });
    const list = await place.list();
    expect(list.problem).toBe('The service does not start.');
    list.dispose();
  });
});

describe('a filter', () => {
  const base = aRun({ tags: { good: null, lr: '0.1' } });
  const run = { ...base, spec: { ...base.spec, name: 'Wide net', experiment: 'digits' } };

  it.each<[IRunFilter, boolean]>([
    [{}, true],
    [{ text: 'WIDE' }, true],
    [{ text: 'digi' }, true],
    [{ text: 'narrow' }, false],
    [{ tag: 'good' }, true],
    [{ tag: 'lr=0.1' }, true],
    [{ tag: 'lr=0.2' }, false],
    [{ experiment: 'digits' }, true],
    [{ experiment: 'dig' }, false],
    [{ compute: 'elsewhere' }, false],
    [{ states: [] }, true],
    [{ parent: 'r1' }, false]
  ])('%j lets the run through: %s', (filter, fits) => {
    expect(matches(run, filter)).toBe(fits);
  });

  it('lets children through for their parent alone', () => {
    const child = { ...run, parent_id: 'r1' };
    const filters: IRunFilter[] = [{}, { parent: 'r1' }, { parent: 'r2' }];
    expect(filters.map(filter => matches(child, filter))).toEqual([false, true, false]);
  });

  it('asks for the children of a run', async () => {
    const place = new Place(1);
    const list = await place.list({ parent: 'r1' });
    expect(place.server.asked[0].query.get('parent')).toBe('r1');
    list.dispose();
  });
});
