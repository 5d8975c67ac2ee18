import type { IDisposable } from '@lumino/disposable';
import { DisposableDelegate } from '@lumino/disposable';

import type { Requests } from '../api/requests';
import type { SocketState } from '../api/socket';
import { LastingSocket } from '../api/socket';
import * as wire from '../api/wire';

/** A log that is further ahead than this is not followed byte for byte; its end is what counts. */
const BACKLOG_BYTES = 131_072;

/** Somebody who wants a log of the run from where they are. */
export interface ILogSink {
  readonly log: string;
  /** Where to go on, in bytes. */
  readonly next: number;
  take(offset: number, data: Uint8Array): void;
  /** The server has answered; no byte may ever come. */
  opened(): void;
  ended(): void;
  failed(message: string): void;
}

/** Somebody who wants what the run logs, from where they are in its journal. */
export interface IMetricsSink {
  readonly next: number;
  take(frame: wire.MetricsFrame): void;
  ended(): void;
  failed(message: string): void;
}

type FollowFrame =
  | wire.LogFrame
  | wire.RunFrame
  | wire.BeatFrame
  | wire.MetricsFrame
  | (wire.ErrorReply & { frame: 'error' });

/** Follows one run over one WebSocket, for all on the page that look at it. */
export class Follower {
  constructor(
    private readonly _requests: Requests,
    private readonly _parts: readonly string[],
    private readonly _apply: (run: wire.Run) => void
  ) {}

  /** Feed a log's sink until the result is disposed of. */
  addLog(sink: ILogSink): IDisposable {
    this._logs.set(sink.log, sink);
    this._restart();
    return new DisposableDelegate(() => {
      if (this._logs.get(sink.log) === sink) {
        this._logs.delete(sink.log);
        this._restart();
      }
    });
  }

  /** Feed the metrics' sink until the result is disposed of. */
  addMetrics(sink: IMetricsSink): IDisposable {
    this._metrics = sink;
    this._restart();
    return new DisposableDelegate(() => {
      if (this._metrics === sink) {
        this._metrics = null;
        this._restart();
      }
    });
  }

  /** Connect anew for those who are here now, once for all who come and go in this turn. */
  private _restart(): void {
    if (this._restarting) {
      return;
    }
    this._restarting = true;
    queueMicrotask(() => {
      this._restarting = false;
      this._frame = null;
      this._socket?.dispose();
      this._socket = null;
      if (this._logs.size > 0 || this._metrics) {
        this._open();
      }
    });
  }

  private _open(): void {
    this._socket = new LastingSocket(this._requests, [...this._parts, 'follow'], () => ({
      log: [...this._logs.values()].map(sink => `${sink.log}:${sink.next}`),
      metrics: this._metrics?.next,
      backlog: BACKLOG_BYTES
    }));
    this._socket.received.connect(this._onMessage, this);
    this._socket.stateChanged.connect(this._onState, this);
  }

  private _onState(_: LastingSocket, state: SocketState): void {
    this._frame = null;
    if (state === 'refused') {
      this._end(sink => sink.failed('This cannot be followed. Reload the page.'));
    }
  }

  private _onMessage(_: LastingSocket, message: string | ArrayBuffer): void {
    if (typeof message !== 'string') {
      if (this._frame) {
        this._logs.get(this._frame.log)?.take(this._frame.offset, new Uint8Array(message));
        this._frame = null;
      }
      return;
    }
    const frame = JSON.parse(message) as FollowFrame;
    switch (frame.frame) {
      case 'log':
        this._frame = frame;
        break;
      case 'metrics':
        this._metrics?.take(frame);
        break;
      case 'error':
        this._end(sink => sink.failed(frame.message));
        break;
      case 'run':
        this._apply(frame.run);
        for (const sink of this._logs.values()) {
          sink.opened();
        }
        if (wire.FINAL_STATES.has(frame.run.state)) {
          this._end(sink => sink.ended());
        }
        break;
      case 'beat':
        break; // the connection is there, and that is all
    }
  }

  /** Nothing more will come. */
  private _end(tell: (sink: ILogSink | IMetricsSink) => void): void {
    this._socket?.dispose();
    this._socket = null;
    const sinks = [...this._logs.values(), ...(this._metrics ? [this._metrics] : [])];
    this._logs.clear();
    this._metrics = null;
    sinks.forEach(tell);
  }

  private readonly _logs = new Map<string, ILogSink>();
  private _metrics: IMetricsSink | null = null;
  private _socket: LastingSocket | null = null;
  /** Says what the next binary message is. */
  private _frame: wire.LogFrame | null = null;
  private _restarting = false;
}
