import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type * as wire from '../api/wire';
import type { IMetrics, ISeries } from '../tokens';

import type { Follower, IMetricsSink } from './follower';
import { Series, seriesName } from './series';

/** Most series, and most images, that a page shows of one run. */
const SHOWN = 200;

/** What one run logs, as it comes. */
export class Metrics implements IMetrics, IMetricsSink {
  constructor(
    readonly runId: string,
    follower: Follower
  ) {
    this._following = follower.addMetrics(this);
  }

  /** A series that has grown is another object than before: who shows it compares no points. */
  get series(): readonly ISeries[] {
    for (const name of this._grown) {
      const { steps, values, count } = this._series.get(name) ?? new Series(name);
      this._shown.set(name, { name, steps, values, count });
    }
    this._grown.clear();
    return [...this._shown.values()];
  }

  get texts(): ReadonlyMap<string, string> {
    return this._texts;
  }

  get images(): readonly { name: string; file: string }[] {
    return this._images;
  }

  get ready(): boolean {
    return this._ready;
  }

  get problem(): string | null {
    return this._problem;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    cancelAnimationFrame(this._frame);
    this._following.dispose();
    Signal.clearData(this);
  }

  // What the follower tells

  /** Where in the run's journal the next value is. */
  next = 0;

  take(frame: wire.MetricsFrame): void {
    if (frame.next_offset <= this.next && this._ready) {
      return;
    }
    this.next = frame.next_offset;
    this._ready = true;
    for (const point of frame.points) {
      this._add(point);
    }
    this._tell();
  }

  ended(): void {
    this._ready = true;
    this._tell();
  }

  failed(message: string): void {
    this._problem = message;
    this._tell();
  }

  private _add(point: wire.MetricPoint): void {
    const name = seriesName(point);
    if (point.image) {
      this._images.push({ name, file: point.text ?? '' });
      this._images.splice(0, this._images.length - SHOWN);
      return;
    }
    if (point.text !== null && point.value === null && !isNumberWord(point.text)) {
      this._texts.set(name, point.text);
      return;
    }
    let series = this._series.get(name);
    if (!series) {
      if (this._series.size >= SHOWN) {
        return;
      }
      series = new Series(name);
      this._series.set(name, series);
    }
    series.add(point.value, point.step);
    this._grown.add(name);
  }

  /** At most once a frame; in a page that is not shown frames do not come, and need not. */
  private _tell(): void {
    if (this._frame === 0 && !this._isDisposed) {
      this._frame = requestAnimationFrame(() => {
        this._frame = 0;
        this._changed.emit();
      });
    }
  }

  private readonly _series = new Map<string, Series>();
  private readonly _shown = new Map<string, ISeries>();
  private readonly _grown = new Set<string>();
  private readonly _texts = new Map<string, string>();
  private readonly _images: { name: string; file: string }[] = [];
  private readonly _following: IDisposable;
  private _ready = false;
  private _problem: string | null = null;
  private _frame = 0;
  private _isDisposed = false;
  private readonly _changed = new Signal<this, void>(this);
}

/** A number that JSON has no word for. */
function isNumberWord(text: string): boolean {
  return /^[+-]?(nan|inf|infinity)$/i.test(text);
}
