import type { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';

import type * as wire from '../api/wire';
import type { ILog, IMetrics, ITraining, IWorkspace } from '../tokens';

/** What is heard of a run that is held. */
export interface IHearing {
  /** Its record is new, or another. */
  run(run: wire.Run): void;
  deleted(): void;
  /** The connection, or what is known of the workspaces, has changed. */
  connection(): void;
  queue(): void;
}

/** What is held of a run while its card can be seen. */
export class HeldRun implements IDisposable {
  constructor(
    training: ITraining,
    workspaceId: string,
    private readonly _runId: string,
    private readonly _hearing: IHearing
  ) {
    this.workspace = training.workspace(workspaceId);
    this._connection = this.workspace.connect();
    this.metrics = this.workspace.metrics(_runId);
    const { runs, connection, queue } = this.workspace;
    runs.changed.connect(this._onRun, this);
    runs.deleted.connect(this._onDeleted, this);
    connection.changed.connect(this._onConnection, this);
    queue.changed.connect(this._onQueue, this);
    training.changed.connect(this._onConnection, this);
  }

  readonly workspace: IWorkspace;
  readonly metrics: IMetrics;

  /** What it prints, while that is wanted. */
  get log(): ILog | null {
    return this._log;
  }

  /** Its place in line and what it waits for just now; `null` when that is not known. */
  get waiting(): string | null {
    const entries = this._queue ? this.workspace.queue.entries : [];
    return entries.find(entry => entry.run_id === this._runId)?.reason ?? null;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Hold this log of the run, and no other; none with `null`. */
  wantLog(name: string | null): void {
    if (name !== this._logName) {
      this._logName = name;
      this._log?.dispose();
      this._log = name === null ? null : this.workspace.log(this._runId, name);
    }
  }

  wantQueue(wanted: boolean): void {
    if (wanted) {
      this._queue ??= this.workspace.queue.hold();
    } else {
      this._queue?.dispose();
      this._queue = null;
    }
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    Signal.disconnectReceiver(this);
    this.wantLog(null);
    this.wantQueue(false);
    this.metrics.dispose();
    this._connection.dispose();
  }

  private _onRun(_: unknown, run: wire.Run): void {
    if (run.id === this._runId) {
      this._hearing.run(run);
    }
  }

  private _onDeleted(_: unknown, runId: string): void {
    if (runId === this._runId) {
      this._hearing.deleted();
    }
  }

  private _onConnection(): void {
    this._hearing.connection();
  }

  private _onQueue(): void {
    if (this._queue) {
      this._hearing.queue();
    }
  }

  private readonly _connection: IDisposable;
  private _logName: string | null = null;
  private _log: ILog | null = null;
  private _queue: IDisposable | null = null;
  private _isDisposed = false;
}
