import type { IDisposable } from '@lumino/disposable';
import { DisposableDelegate } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import { ApiError } from '../api/error';
import type { Requests } from '../api/requests';
import type { SocketState } from '../api/socket';
import { LastingSocket } from '../api/socket';
import type * as wire from '../api/wire';
import type { ConnectionState, IConnection } from '../tokens';

export type EventFrame =
  | wire.ChangeFrame
  | wire.DeletedFrame
  | wire.ResetFrame
  | wire.QueueFrame
  | wire.EnvironmentsFrame
  | wire.ServiceFrame
  | wire.BeatFrame
  | (wire.ErrorReply & { frame: 'error' });

/** How long nobody may look before the connection is closed: a page is rebuilt in pieces. */
const LINGER_MS = 5_000;

/** The one events connection of a workspace, open while somebody holds it. */
export class Connection implements IConnection {
  constructor(
    private readonly _requests: Requests,
    private readonly _workspaceId: string,
    private readonly _apply: (frame: EventFrame) => void
  ) {}

  get state(): ConnectionState {
    return this._state;
  }

  get message(): string {
    return this._message;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  retry(): void {
    if (this._socket) {
      this._socket.retry();
    }
  }

  /** Keep the connection open until the result is disposed of. */
  hold(): IDisposable {
    this._holders += 1;
    window.clearTimeout(this._timer);
    if (!this._socket) {
      this._open();
    }
    return new DisposableDelegate(() => {
      this._holders -= 1;
      if (this._holders === 0) {
        this._timer = window.setTimeout(() => this._close(), LINGER_MS);
      }
    });
  }

  private _open(): void {
    const parts = ['workspaces', this._workspaceId, 'events'];
    this._socket = new LastingSocket(this._requests, parts, () => ({ since: this._cursor }));
    this._socket.received.connect(this._onMessage, this);
    this._socket.stateChanged.connect(this._onState, this);
  }

  private _close(): void {
    this._socket?.dispose();
    this._socket = null;
    this._set('connecting', '');
  }

  private _onMessage(_: LastingSocket, message: string | ArrayBuffer): void {
    const frame = JSON.parse(message as string) as EventFrame;
    if ('cursor' in frame) {
      this._cursor = frame.cursor;
    }
    if (frame.frame === 'service') {
      this._set(frame.state as ConnectionState, frame.message);
    } else if (frame.frame === 'error') {
      this._set(frame.code === 'workspace' ? 'gone' : 'failed', frame.message);
    } else {
      this._set('up', '');
    }
    this._apply(frame);
  }

  private _onState(_: LastingSocket, state: SocketState): void {
    if (state === 'cut') {
      if (this._state !== 'failed') {
        this._set('cut', 'The Jupyter server does not answer. Trying again …');
      }
      void this._whyCut();
    } else if (state === 'refused' && this._state !== 'gone') {
      this._set('refused', REFUSED);
    }
  }

  /** A browser does not tell why a WebSocket was refused; a request does. */
  private async _whyCut(): Promise<void> {
    try {
      await this._requests.json(['workspaces', this._workspaceId, 'status'], {
        background: true
      });
    } catch (error) {
      if (!(error instanceof ApiError) || this._state === 'up') {
        return;
      }
      if (error.status === 401 || error.status === 403) {
        this._set('refused', REFUSED);
      } else if (error.status === 404) {
        this._set('gone', error.message);
      } else if (error.status > 0) {
        this._set('failed', error.message);
      }
    }
  }

  private _set(state: ConnectionState, message: string): void {
    if (state !== this._state || message !== this._message) {
      this._state = state;
      this._message = message;
      this._changed.emit();
    }
  }

  private _socket: LastingSocket | null = null;
  private _holders = 0;
  private _timer = 0;
  private _cursor: string | undefined;
  private _state: ConnectionState = 'connecting';
  private _message = '';
  private readonly _changed = new Signal<this, void>(this);
}

const REFUSED = 'The Jupyter server refuses this page. Reload it to log in again.';
