import { Endings, isTold } from '../../../src/panels/endings';
import { aRun } from '../builders';

function ended(id: string, at: string): ReturnType<typeof aRun> {
  return aRun({ id, ended_at: `2026-11-20T${at}Z` });
}

function running(id: string): ReturnType<typeof aRun> {
  return aRun({ id, state: 'Running', ended_at: null });
}

function again(endings: Endings): Endings {
  return new Endings(JSON.parse(JSON.stringify(endings)) as ReturnType<Endings['toJSON']>);
}

describe('Endings', () => {
  it('takes nothing old for news the first time ever', () => {
    const endings = new Endings(null);
    expect(endings.start([ended('a', '12:00:00')])).toEqual([]);
    expect(endings.take(ended('a', '12:00:00'))).toBe(false);
    expect(endings.take(ended('older', '11:00:00'))).toBe(false);
  });

  it('takes every ending once', () => {
    const endings = new Endings(null);
    endings.start([]);
    expect(endings.take(running('a'))).toBe(false);
    expect(endings.take(ended('a', '12:00:00'))).toBe(true);
    expect(endings.take(ended('a', '12:00:00'))).toBe(false);
  });

  it('finds what ended while the page was closed, oldest first', () => {
    const first = new Endings(null);
    first.start([ended('old', '12:00:00')]);
    const second = again(first);
    const news = second.start([
      ended('b', '12:10:00'),
      ended('a', '12:05:00'),
      ended('old', '12:00:00')
    ]);
    expect(news.map(run => run.id)).toEqual(['a', 'b']);
  });

  it('tells nothing again after a reload', () => {
    const first = new Endings(null);
    first.start([]);
    first.take(ended('a', '12:00:00'));
    expect(again(first).start([ended('a', '12:00:00')])).toEqual([]);
  });

  it('remembers which runs went on, to look them up', () => {
    const first = new Endings(null);
    first.start([running('a'), running('b')]);
    first.take(ended('b', '12:00:00'));
    expect(again(first).open).toEqual(['a']);
  });

  it('takes endings that are told late', () => {
    const endings = new Endings(null);
    endings.start([]);
    endings.take(ended('a', '12:00:05'));
    expect(endings.take(ended('b', '12:00:01'))).toBe(true);
  });

  it('remembers no more than it has to', () => {
    const endings = new Endings(null);
    endings.start([]);
    endings.take(ended('a', '10:00:00'));
    endings.take(ended('b', '12:00:00'));
    expect(Object.keys(endings.toJSON().seen)).toEqual(['b']);
    expect(endings.take(ended('a', '10:00:00'))).toBe(false);
  });

  it('leaves out child runs', () => {
    const endings = new Endings(null);
    endings.start([]);
    expect(endings.take(aRun({ parent_id: 'a' }))).toBe(false);
  });
});

describe('isTold', () => {
  const completed = aRun();
  const failed = aRun({ state: 'Failed' });
  const canceled = aRun({ state: 'Canceled' });
  const exit = {
    status: null,
    signal: 15,
    message: null,
    oom_killed: false,
    leftovers: 0,
    cpu_s: 0,
    max_rss_bytes: 0,
    ended_at: null
  };
  const outOfTime = aRun({ state: 'Canceled', exit: { ...exit, cause: 'timeout' } });

  it('tells all but what the user has canceled', () => {
    const told = [completed, failed, canceled, outOfTime].map(run => isTold(run, 'all'));
    expect(told).toEqual([true, true, false, true]);
  });

  it('tells failures only, when so set', () => {
    const told = [completed, failed, canceled, outOfTime].map(run => isTold(run, 'failures'));
    expect(told).toEqual([false, true, false, true]);
  });

  it('tells nothing, when so set', () => {
    expect(isTold(failed, 'none')).toBe(false);
  });
});
