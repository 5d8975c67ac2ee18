import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type * as wire from '../api/wire';
import type { ILog, ILogQuery, IMetrics, IPiece, ISeries } from '../tokens';

import type { Log } from './log';
import type { Metrics } from './metrics';

/** One holder's view of a shared log: what it connects goes with it, and nobody else's does. */
export class LogHandle implements ILog {
  constructor(
    private readonly _log: Log,
    private readonly _release: () => void
  ) {
    _log.appended.connect(this._onAppended, this);
    _log.changed.connect(this._onChanged, this);
  }

  get name(): string {
    return this._log.name;
  }

  get size(): number | null {
    return this._log.size;
  }

  get tail(): IPiece {
    return this._log.tail;
  }

  get growing(): boolean {
    return this._log.growing;
  }

  get problem(): string | null {
    return this._log.problem;
  }

  get appended(): ISignal<this, IPiece> {
    return this._appended;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  read(from: number, to: number): Promise<IPiece> {
    return this._log.read(from, to);
  }

  find(query: ILogQuery): Promise<wire.LogMatch> {
    return this._log.find(query);
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      Signal.clearData(this);
      this._release();
    }
  }

  private _onAppended(_: Log, piece: IPiece): void {
    this._appended.emit(piece);
  }

  private _onChanged(): void {
    this._changed.emit();
  }

  private _isDisposed = false;
  private readonly _appended = new Signal<this, IPiece>(this);
  private readonly _changed = new Signal<this, void>(this);
}

/** One holder's view of the shared metrics of a run. */
export class MetricsHandle implements IMetrics {
  constructor(
    private readonly _metrics: Metrics,
    private readonly _release: () => void
  ) {
    _metrics.changed.connect(this._onChanged, this);
  }

  get runId(): string {
    return this._metrics.runId;
  }

  get series(): readonly ISeries[] {
    return this._metrics.series;
  }

  get texts(): ReadonlyMap<string, string> {
    return this._metrics.texts;
  }

  get images(): readonly { name: string; file: string }[] {
    return this._metrics.images;
  }

  get ready(): boolean {
    return this._metrics.ready;
  }

  get problem(): string | null {
    return this._metrics.problem;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      Signal.clearData(this);
      this._release();
    }
  }

  private _onChanged(): void {
    this._changed.emit();
  }

  private _isDisposed = false;
  private readonly _changed = new Signal<this, void>(this);
}
