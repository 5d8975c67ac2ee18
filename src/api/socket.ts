import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { Requests, Query } from './requests';

/** Pauses between tries to connect again, in ms; the last one repeats. */
const PAUSES_MS = [50, 500, 1_000, 2_000, 4_000];

/** How a socket stands: `refused` is for good, `cut` is tried again. */
export type SocketState = 'connecting' | 'open' | 'cut' | 'refused';

/** Close codes with which the server says that trying again is of no use. */
const REFUSALS: ReadonlySet<number> = new Set([4400, 4401, 4403, 4404]);

/**
 * A WebSocket that connects again after a cut, from where it was.
 *
 * The server says where by itself: `query` is asked at every connect.
 */
export class LastingSocket implements IDisposable {
  constructor(
    private readonly _requests: Requests,
    private readonly _parts: readonly string[],
    private readonly _query: () => Query
  ) {
    this._open();
  }

  /** A text message, or the bytes of a binary one. */
  get received(): ISignal<this, string | ArrayBuffer> {
    return this._received;
  }

  get stateChanged(): ISignal<this, SocketState> {
    return this._stateChanged;
  }

  get state(): SocketState {
    return this._state;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Connect again at once, or make the server try again what it could not do. */
  retry(): void {
    if (this._state === 'open') {
      this._socket?.send('{"op":"retry"}');
      return;
    }
    this._failures = 0;
    this._close();
    this._open();
  }

  /** Drop the connection and make a new one, with a fresh query. */
  restart(): void {
    this._close();
    this._open();
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._close();
    Signal.clearData(this);
  }

  private _open(): void {
    if (this._isDisposed) {
      return;
    }
    const socket = this._requests.socket(this._parts, this._query());
    this._socket = socket;
    socket.onopen = () => {
      this._opened = true;
      this._setState('open');
    };
    socket.onmessage = event => {
      this._failures = 0;
      this._received.emit(event.data as string | ArrayBuffer);
    };
    socket.onclose = event => {
      this._socket = null;
      if (REFUSALS.has(event.code)) {
        this._setState('refused');
        return;
      }
      this._setState('cut');
      const pause = PAUSES_MS[Math.min(this._failures, PAUSES_MS.length - 1)];
      this._failures += 1;
      this._timer = window.setTimeout(() => this._open(), pause);
    };
  }

  private _close(): void {
    window.clearTimeout(this._timer);
    const socket = this._socket;
    this._socket = null;
    if (socket) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
    }
  }

  /** Whether any connection has ever been made: if none, the login may be what is wrong. */
  get everOpened(): boolean {
    return this._opened;
  }

  private _setState(state: SocketState): void {
    if (state !== this._state) {
      this._state = state;
      this._stateChanged.emit(state);
    }
  }

  private _socket: WebSocket | null = null;
  private _state: SocketState = 'connecting';
  private _failures = 0;
  private _opened = false;
  private _timer = 0;
  private _isDisposed = false;
  private readonly _received = new Signal<this, string | ArrayBuffer>(this);
  private readonly _stateChanged = new Signal<this, SocketState>(this);
}
