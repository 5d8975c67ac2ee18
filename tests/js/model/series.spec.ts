import { Series } from '../../../src/model/series';

function filled(values: readonly (number | null)[]): Series {
  const series = new Series('loss');
  values.forEach(value => series.add(value, null));
  return series;
}

describe('a series', () => {
  it('counts steps where none were logged', () => {
    expect(filled([3, 2, 1]).steps).toEqual([0, 1, 2]);
  });

  it('is bounded, and keeps its first, last, lowest and highest values', () => {
    const values = Array.from({ length: 100_000 }, (_, index) => Math.sin(index / 1_000));
    values[41_234] = -50;
    values[73_111] = 50;
    const series = filled(values);
    expect(series.values.length).toBeLessThanOrEqual(4_000);
    expect(series.count).toBe(100_000);
    expect(series.values[0]).toBe(values[0]);
    expect(series.values[series.values.length - 1]).toBe(values[99_999]);
    expect(series.values).toContain(-50);
    expect(series.values).toContain(50);
  });

  it('keeps its steps in order', () => {
    const series = filled(Array.from({ length: 20_000 }, (_, index) => (index * 7919) % 101));
    const sorted = [...series.steps].sort((a, b) => a - b);
    expect(series.steps).toEqual(sorted);
  });

  it('says anew what a resumed training says anew', () => {
    const series = new Series('loss');
    [0, 1, 2, 3].forEach(step => series.add(step, step));
    series.add(20, 2);
    expect(series.steps).toEqual([0, 1, 2]);
    expect(series.values).toEqual([0, 1, 20]);
  });

  it('has gaps where a value is no number', () => {
    expect(filled([1, null, 3]).values).toEqual([1, null, 3]);
  });
});
