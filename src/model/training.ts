import type { ServerConnection } from '@jupyterlab/services';
import type { IStateDB } from '@jupyterlab/statedb';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import { ApiError, messageOf } from '../api/error';
import { Requests } from '../api/requests';
import * as wire from '../api/wire';
import type { ITraining } from '../tokens';

import type { Connection } from './connection';
import { Workspace } from './workspace';

/** Where the choice of the workspace is remembered. */
const CHOSEN = 'jupyter-mltrain:workspace';

/** What the server calls the default workspace until its first request has made it. */
const UNMADE = 'default';

/** The workspaces of this user. */
export class Training implements ITraining {
  /**
   * @param _state Remembers the choice of the workspace, where there is such a thing.
   * @param start Resolves when it is time to ask the server.
   */
  constructor(
    settings: ServerConnection.ISettings,
    private readonly _trans: TranslationBundle,
    private readonly _state: IStateDB | null,
    start: Promise<unknown>
  ) {
    this._requests = new Requests(settings);
    this.ready = start.then(() => this.refresh());
  }

  readonly ready: Promise<void>;

  get workspaces(): readonly wire.WorkspaceInfo[] {
    return this._infos;
  }

  get current(): Workspace | null {
    return this._current;
  }

  get problem(): string | null {
    return this._problem;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  choose(workspaceId: string): void {
    if (this._current?.id !== workspaceId) {
      this._current = this.workspace(workspaceId);
      this._changed.emit();
      void this._state?.save(CHOSEN, workspaceId);
    }
  }

  workspace(workspaceId: string): Workspace {
    let workspace = this._workspaces.get(workspaceId);
    if (!workspace) {
      workspace = new Workspace(this._requests, workspaceId);
      workspace.connection.changed.connect(this._onConnection, this);
      this._workspaces.set(workspaceId, workspace);
    }
    return workspace;
  }

  async refresh(): Promise<void> {
    try {
      const info = await this._requests.json<wire.ServerInfo>(['workspaces'], {
        background: true
      });
      this._infos = info.workspaces;
      this._problem = null;
      this._serverVersion = info.version;
      this._nameTheUnmade();
      await this._chooseFirst();
    } catch (error) {
      this._problem = this._asSentence(error);
    }
    this._changed.emit();
  }

  /** Whether the server was upgraded under the page, which then may not understand it. */
  get isOutdated(): boolean {
    return this._serverVersion !== null && this._serverVersion !== wire.VERSION;
  }

  /** A server that comes back may be another one. */
  private _onConnection(connection: Connection): void {
    if (connection.state === 'cut') {
      this._wasCut = true;
    } else if (connection.state === 'up' && (this._wasCut || this._current?.id === UNMADE)) {
      this._wasCut = false;
      void this.refresh();
    }
  }

  /** The default workspace is made by now: go on with it under the id that cards know it by. */
  private _nameTheUnmade(): void {
    const made = this._infos.find(info => info.default && info.id !== UNMADE);
    if (this._current?.id === UNMADE && made) {
      this._current = this.workspace(made.id);
    }
  }

  /** The first answer that comes, be it after a Retry, tells which workspace to show. */
  private async _chooseFirst(): Promise<void> {
    if (this._current) {
      return;
    }
    const chosen = await this._state?.fetch(CHOSEN);
    const known = this._infos.find(info => info.id === chosen && info.there);
    const first = known ?? this._infos.find(info => info.default) ?? this._infos.find(Boolean);
    this._current ??= first ? this.workspace(first.id) : null;
  }

  private _asSentence(error: unknown): string {
    if (error instanceof ApiError && error.code === 'no_such_route') {
      return this._trans.__(
        'The Jupyter server does not have jupyter_mltrain. Install it where the server runs, then restart the server.'
      );
    }
    return messageOf(error);
  }

  private readonly _requests: Requests;
  private readonly _workspaces = new Map<string, Workspace>();
  private _infos: readonly wire.WorkspaceInfo[] = [];
  private _current: Workspace | null = null;
  private _problem: string | null = null;
  private _serverVersion: string | null = null;
  private _wasCut = false;
  private readonly _changed = new Signal<this, void>(this);
}
