import type * as wire from '../api/wire';
import type { ISeries } from '../tokens';

/** Most points of a series on the page; beyond, every two pairs become their extremes. */
const POINTS = 4_000;

/** One line of a chart, of bounded length. */
export class Series implements ISeries {
  constructor(readonly name: string) {}

  steps: number[] = [];
  values: (number | null)[] = [];
  count = 0;

  add(value: number | null, step: number | null): void {
    const last = this.steps.length > 0 ? this.steps[this.steps.length - 1] : -Infinity;
    const at = step ?? this.count;
    this.count += 1;
    if (at < last) {
      // A training that was resumed goes back some steps: what it says now replaces that.
      const keep = this.steps.findIndex(each => each >= at);
      this.steps.length = this.values.length = keep;
    }
    this.steps.push(at);
    this.values.push(value);
    if (this.steps.length > POINTS) {
      this._thin();
    }
  }

  /** Keep the lowest and the highest of every four, in their order; first and last stay. */
  private _thin(): void {
    const steps: number[] = [];
    const values: (number | null)[] = [];
    for (let start = 0; start < this.steps.length; start += 4) {
      for (const index of extremes(
        this.values,
        start,
        Math.min(start + 4, this.steps.length)
      )) {
        steps.push(this.steps[index]);
        values.push(this.values[index]);
      }
    }
    this.steps = steps;
    this.values = values;
  }
}

function extremes(values: readonly (number | null)[], start: number, end: number): number[] {
  let low = start;
  let high = start;
  for (let index = start; index < end; index += 1) {
    const value = values[index];
    if (value !== null) {
      low = (values[low] ?? Infinity) > value ? index : low;
      high = (values[high] ?? -Infinity) < value ? index : high;
    }
  }
  const kept = new Set([low, high]);
  if (start === 0) {
    kept.add(0);
  }
  if (end === values.length) {
    kept.add(end - 1);
  }
  return [...kept].sort((a, b) => a - b);
}

/** `scores[f1]` for a column of a row, `loss` else. */
export function seriesName(point: wire.MetricPoint): string {
  return point.column === null ? point.name : `${point.name}[${point.column}]`;
}
