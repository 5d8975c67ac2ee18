import type { TranslationBundle } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';
import { type ISignal, Signal } from '@lumino/signaling';

import { messageOf } from '../api/error';
import type * as wire from '../api/wire';
import { Held } from '../model/held';
import type { ITraining, IWorkspace } from '../tokens';

/** The versions of one model, looked at while they can be seen, and which one is shown. */
export class ModelPageModel implements IDisposable {
  /** @param version The one to show; `null` is the latest, also when a newer one comes. */
  constructor(
    training: ITraining,
    readonly workspaceId: string,
    readonly name: string,
    private readonly _trans: TranslationBundle,
    version: number | null = null
  ) {
    this.workspace = training.workspace(workspaceId);
    this._version = version;
    this._connection = this.workspace.connect();
    this.workspace.models.touched.connect(this._onTouched, this);
    this.workspace.connection.changed.connect(this._onConnection, this);
  }

  readonly workspace: IWorkspace;

  /** The latest first; `null` until the first answer. */
  get versions(): readonly wire.Model[] | null {
    return this._versions;
  }

  /** The version that is shown; `null` where there is none. */
  get shown(): wire.Model | null {
    const versions = this._versions ?? [];
    return (
      versions.find(({ version }) => version === this._version) ??
      versions.find(Boolean) ??
      null
    );
  }

  /** Which version was asked for; `null` for the latest. */
  get version(): number | null {
    return this._version;
  }

  set version(version: number | null) {
    if (version !== this._version) {
      this._version = version;
      this._changed.emit();
    }
  }

  /** What is wrong, in a sentence, or `null`. */
  get problem(): string | null {
    const { message, state } = this.workspace.connection;
    if (['cut', 'failed', 'refused', 'gone'].includes(state)) {
      return message || this._trans.__('The connection is cut. It is tried again by itself.');
    }
    if (this._unloaded !== null) {
      return this._unloaded;
    }
    const versions = this._versions;
    if (versions?.length === 0) {
      return this._trans.__('There is no model %1 in this workspace (any more).', this.name);
    }
    if (versions && this._version !== null && this.shown?.version !== this._version) {
      return this._trans.__('%1 has no version %2 (any more).', this.name, this._version);
    }
    return null;
  }

  /** Versions, the one that is shown or what is wrong have changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Look while somebody does, and at once. */
  watch(): IDisposable {
    return this._held.hold();
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._connection.dispose();
    this.workspace.models.touched.disconnect(this._onTouched, this);
    this.workspace.connection.changed.disconnect(this._onConnection, this);
    Signal.clearData(this);
  }

  private async _load(): Promise<void> {
    try {
      const versions = await this.workspace.verbs.models({ name: this.name });
      this._versions = [...versions].sort((one, other) => other.version - one.version);
      this._unloaded = null;
    } catch (error) {
      this._unloaded = messageOf(error);
    }
    if (!this._isDisposed) {
      this._changed.emit();
    }
  }

  private _onTouched(): void {
    this._held.touch();
  }

  private _onConnection(): void {
    if (this.workspace.connection.state === 'up' && this._unloaded !== null) {
      this._held.touch();
    }
    this._changed.emit();
  }

  private readonly _held = new Held(() => this._load());
  private readonly _connection: IDisposable;
  private _versions: readonly wire.Model[] | null = null;
  private _version: number | null;
  private _unloaded: string | null = null;
  private _isDisposed = false;
  private readonly _changed = new Signal<this, void>(this);
}
