import type { IDisposable } from '@lumino/disposable';
import { DisposableDelegate } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import { messageOf } from '../api/error';
import type { Requests } from '../api/requests';
import type { SocketState } from '../api/socket';
import { LastingSocket } from '../api/socket';
import * as wire from '../api/wire';
import type { IBuild, ILog, ILogQuery } from '../tokens';

import type { ILogSink } from './follower';
import type { ILogHome } from './log';
import { Log } from './log';

/** What a build's log is called in its stream. */
const BUILD_STREAM = 'build.log';

/** So much of a build's log is searched. */
const SEARCHED_BYTES = 16_000_000;

/** How a line that tells of a failure looks. */
const ERROR = /\b(error|fatal|failed|traceback|cannot|could not|denied|not found)\b/i;

const FINAL = wire.FINAL_BUILD_STATES;

type BuildStreamFrame =
  wire.BuildFrame | wire.LogFrame | wire.BeatFrame | (wire.ErrorReply & { frame: 'error' });

/** One build: its record, and what it says while it goes on. */
export class Build implements IBuild, ILogHome {
  /**
   * @param _parts Address of the build.
   * @param _touched Emitted when the build may be another than it was, ended or not.
   */
  constructor(
    private readonly _requests: Requests,
    private readonly _parts: readonly string[],
    readonly id: string,
    private readonly _touched: ISignal<unknown, void>
  ) {
    this.file = [..._parts, 'log'];
    this.log = new Log(_requests, this, BUILD_STREAM);
    _touched.connect(this._onTouched, this);
  }

  readonly file: readonly string[];
  readonly log: ILog;

  get record(): wire.Build | null {
    return this._record;
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
    this._touched.disconnect(this._onTouched, this);
    this.log.dispose();
    Signal.clearData(this);
  }

  // For the log

  async isOver(): Promise<boolean> {
    await this._load();
    if (this._record === null) {
      throw new Error(this._problem ?? '');
    }
    return FINAL.has(this._record.state);
  }

  follow(sink: ILogSink): IDisposable {
    const socket = new LastingSocket(this._requests, [...this._parts, 'follow'], () => ({
      offset: sink.next
    }));
    let head: wire.LogFrame | null = null;
    const onMessage = (_: LastingSocket, message: string | ArrayBuffer): void => {
      if (typeof message !== 'string') {
        if (head) {
          sink.take(head.offset, new Uint8Array(message));
          head = null;
        }
        return;
      }
      const frame = JSON.parse(message) as BuildStreamFrame;
      switch (frame.frame) {
        case 'log':
          head = frame;
          break;
        case 'build':
          this._take(frame.build);
          sink.opened();
          if (FINAL.has(frame.build.state)) {
            socket.dispose();
            sink.ended();
          }
          break;
        case 'error':
          socket.dispose();
          this._fail(frame.message);
          sink.failed(frame.message);
          break;
        case 'beat':
          break; // the connection is there, and that is all
      }
    };
    const onState = (_: LastingSocket, state: SocketState): void => {
      head = null;
      if (state === 'refused') {
        sink.failed('This cannot be followed. Reload the page.');
      }
    };
    socket.received.connect(onMessage);
    socket.stateChanged.connect(onState);
    return new DisposableDelegate(() => socket.dispose());
  }

  async find(query: ILogQuery): Promise<wire.LogMatch> {
    const { data } = await this._requests.bytes(this.file, 0, SEARCHED_BYTES);
    return findIn(data, query);
  }

  private _onTouched(): void {
    // While it goes on, the stream tells.
    if (this._record !== null && FINAL.has(this._record.state)) {
      void this._load();
    }
  }

  private async _load(): Promise<void> {
    try {
      this._take(await this._requests.json<wire.Build>(this._parts, { background: true }));
    } catch (error) {
      this._fail(messageOf(error));
    }
  }

  private _take(record: wire.Build): void {
    if (!this._isDisposed) {
      this._record = record;
      this._problem = null;
      this._changed.emit();
    }
  }

  private _fail(problem: string): void {
    if (!this._isDisposed) {
      this._problem = problem;
      this._changed.emit();
    }
  }

  private _record: wire.Build | null = null;
  private _problem: string | null = null;
  private _isDisposed = false;
  private readonly _changed = new Signal<this, void>(this);
}

/** The next match in the bytes of a log, as the service finds it in those of runs. */
export function findIn(data: Uint8Array, query: ILogQuery): wire.LogMatch {
  const { text, from, backwards } = query;
  // A byte a character, so that places in the one are places in the other.
  const log = lowered(binary(data));
  if (text === null) {
    return firstError(log, from);
  }
  const wanted = lowered(binary(new TextEncoder().encode(text)));
  const offset = backwards
    ? from > 0
      ? log.lastIndexOf(wanted, from - 1)
      : -1
    : log.indexOf(wanted, from);
  return offset < 0 || wanted === ''
    ? NOWHERE
    : { offset, size_bytes: wanted.length, line_offset: lineStart(log, offset) };
}

const NOWHERE: wire.LogMatch = { offset: null, size_bytes: null, line_offset: null };

function firstError(log: string, from: number): wire.LogMatch {
  let start = lineStart(log, from);
  while (start < log.length) {
    const end = log.indexOf('\n', start);
    const line = log.slice(start, end < 0 ? log.length : end);
    if (start >= from && ERROR.test(line)) {
      return { offset: start, size_bytes: line.length, line_offset: start };
    }
    start += line.length + 1;
  }
  return NOWHERE;
}

function lineStart(log: string, offset: number): number {
  return offset > 0 ? log.lastIndexOf('\n', offset - 1) + 1 : 0;
}

function binary(data: Uint8Array): string {
  return new TextDecoder('latin1').decode(data);
}

function lowered(text: string): string {
  return text.replace(/[A-Z]+/g, letters => letters.toLowerCase());
}
