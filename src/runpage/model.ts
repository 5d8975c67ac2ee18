import type { TranslationBundle } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';
import { type ISignal, Signal } from '@lumino/signaling';

import { ApiError, messageOf } from '../api/error';
import type * as wire from '../api/wire';
import type { ITraining, IWorkspace } from '../tokens';

/** The page's parts, in the order of their tabs. */
export const TABS = ['output', 'files', 'metrics', 'details'] as const;

export type Tab = (typeof TABS)[number];

export function isTab(value: unknown): value is Tab {
  return TABS.some(tab => tab === value);
}

/** One run, watched, and which part of it is shown. */
export class RunPageModel implements IDisposable {
  constructor(
    training: ITraining,
    readonly workspaceId: string,
    readonly runId: string,
    private readonly _trans: TranslationBundle,
    tab: Tab = 'output'
  ) {
    this.workspace = training.workspace(workspaceId);
    this._tab = tab;
    this._connection = this.workspace.connect();
    this.workspace.runs.changed.connect(this._onChanged, this);
    this.workspace.runs.deleted.connect(this._onDeleted, this);
    this.workspace.connection.changed.connect(this._onConnection, this);
    void this._load();
  }

  readonly workspace: IWorkspace;

  /** The record as last heard; `null` before the first answer, or without one. */
  get run(): wire.Run | null {
    return this._run;
  }

  /** The run was deleted, or never was; what is known of it is still shown. */
  get gone(): boolean {
    return this._gone;
  }

  /** What is wrong, in a sentence, or `null`. */
  get problem(): string | null {
    const { state, message } = this.workspace.connection;
    if (this._gone) {
      return this._run
        ? this._trans.__('This run was deleted. What is shown is what was known of it.')
        : this._trans.__('This run is not there (any more): %1', this.runId);
    }
    if (state === 'gone') {
      return message || this._trans.__('This workspace is not there any more.');
    }
    if (state === 'cut' || state === 'failed' || state === 'refused') {
      return message || this._trans.__('The connection is cut. It is tried again by itself.');
    }
    return this._unloaded;
  }

  /** Whether trying again may help. */
  get retriable(): boolean {
    const { state } = this.workspace.connection;
    return (
      !this._gone &&
      (['cut', 'failed', 'refused', 'gone'].includes(state) || this._unloaded !== null)
    );
  }

  get tab(): Tab {
    return this._tab;
  }

  set tab(tab: Tab) {
    if (tab !== this._tab) {
      this._tab = tab;
      this._changed.emit();
    }
  }

  /** The run, what is wrong or the tab has changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  retry(): void {
    this.workspace.connection.retry();
    void this._load();
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._connection.dispose();
    this.workspace.runs.changed.disconnect(this._onChanged, this);
    this.workspace.runs.deleted.disconnect(this._onDeleted, this);
    this.workspace.connection.changed.disconnect(this._onConnection, this);
    Signal.clearData(this);
  }

  private async _load(): Promise<void> {
    if (this._loading) {
      return;
    }
    this._loading = true;
    try {
      const run = await this.workspace.runs.load(this.runId);
      if (!this._run || this._run.version <= run.version) {
        this._run = run;
      }
      this._unloaded = null;
    } catch (error) {
      this._gone = error instanceof ApiError && error.code === 'no_such_run';
      this._unloaded = messageOf(error);
    }
    this._loading = false;
    if (!this._isDisposed) {
      this._changed.emit();
    }
  }

  private _onChanged(_: unknown, run: wire.Run): void {
    if (run.id === this.runId) {
      this._run = run;
      this._unloaded = null;
      this._changed.emit();
    }
  }

  private _onDeleted(_: unknown, runId: string): void {
    if (runId === this.runId) {
      this._gone = true;
      this._changed.emit();
    }
  }

  private _onConnection(): void {
    if (this.workspace.connection.state === 'up' && !this._gone && this._unloaded !== null) {
      void this._load();
    }
    this._changed.emit();
  }

  private readonly _connection: IDisposable;
  private _run: wire.Run | null = null;
  private _gone = false;
  private _unloaded: string | null = null;
  private _loading = false;
  private _tab: Tab;
  private _isDisposed = false;
  private _changed = new Signal<this, void>(this);
}
