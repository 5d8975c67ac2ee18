import type { MetricPoint } from '../../../src/api/wire';
import type { IMetrics } from '../../../src/tokens';

import { Workspace } from '../../../src/model/workspace';

import { FakeServer, settled } from '../server';

function aPoint(given: Partial<MetricPoint> = {}): MetricPoint {
  const blank = { column: null, value: null, text: null, image: false, step: null };
  return { name: 'loss', ...blank, at: 0, ...given };
}

describe('the metrics of a run', () => {
  let server: FakeServer;
  let metrics: IMetrics;
  let offset: number;

  beforeEach(async () => {
    server = new FakeServer();
    metrics = new Workspace(server.requests, 'w1').metrics('r1');
    await settled();
    offset = 0;
  });

  afterEach(() => metrics.dispose());

  function log(...points: MetricPoint[]): void {
    const next = offset + 100;
    server.socket.say({ frame: 'metrics', offset, next_offset: next, points });
    offset = next;
  }

  it('become series in the order of first logging', () => {
    log(
      aPoint({ name: 'loss', value: 1 }),
      aPoint({ name: 'scores', column: 'f1', value: 0.5 })
    );
    log(aPoint({ name: 'loss', value: 0.5 }));
    expect(metrics.series.map(series => [series.name, series.values])).toEqual([
      ['loss', [1, 0.5]],
      ['scores[f1]', [0.5]]
    ]);
  });

  it('give another object for a series that has grown, and the same for one that has not', () => {
    log(aPoint({ name: 'loss', value: 1 }), aPoint({ name: 'accuracy', value: 0.5 }));
    const before = metrics.series;
    log(aPoint({ name: 'loss', value: 0.5 }));
    expect(metrics.series[0]).not.toBe(before[0]);
    expect(metrics.series[1]).toBe(before[1]);
  });

  it('keep the latest of what is no number, and the names of images', () => {
    log(aPoint({ name: 'note', text: 'warm' }), aPoint({ name: 'note', text: 'hot' }));
    log(aPoint({ name: 'confusion', text: 'confusion_1.png', image: true }));
    expect([...metrics.texts]).toEqual([['note', 'hot']]);
    expect(metrics.images).toEqual([{ name: 'confusion', file: 'confusion_1.png' }]);
  });

  it('have a gap where a number is not finite', () => {
    log(aPoint({ value: 1 }), aPoint({ text: 'nan' }), aPoint({ value: 3 }));
    expect(metrics.series[0].values).toEqual([1, null, 3]);
    expect(metrics.texts.size).toBe(0);
  });

  it('go on after a cut from what has come', () => {
    jest.useFakeTimers();
    log(aPoint({ value: 1 }));
    const first = server.socket;
    first.cut();
    first.closed = true;
    jest.advanceTimersByTime(1_000);
    jest.useRealTimers();
    expect(server.socket.query.get('metrics')).toBe('100');
  });
});
