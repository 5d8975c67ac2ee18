import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import { messageOf } from '../api/error';
import type { Requests } from '../api/requests';
import type * as wire from '../api/wire';
import type { ILog, ILogQuery, IPiece } from '../tokens';

import type { ILogSink } from './follower';
import { Tail } from './tail';

/** Bytes of the end of a log that no longer grows which are loaded at first: a few screens. */
const FIRST_BYTES = 65_536;

/** Where a log is, and who tells how it goes on. */
export interface ILogHome {
  /** Address of its bytes. */
  readonly file: readonly string[];
  /** Whether nothing more can come. Rejects with an `ApiError`. */
  isOver(): Promise<boolean>;
  /** Feed a sink until the result is disposed of. */
  follow(sink: ILogSink): IDisposable;
  /** As `ILog.find`. */
  find(query: ILogQuery): Promise<wire.LogMatch>;
}

/** A log that may still grow. */
export class Log implements ILog, ILogSink {
  constructor(
    private readonly _requests: Requests,
    private readonly _home: ILogHome,
    readonly name: string
  ) {
    void this._open();
  }

  get log(): string {
    return this.name;
  }

  get size(): number | null {
    return this._size;
  }

  get growing(): boolean {
    return this._growing;
  }

  get problem(): string | null {
    return this._problem;
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

  get tail(): IPiece {
    return this._tail.piece;
  }

  async read(from: number, to: number): Promise<IPiece> {
    const { data, size } = await this._requests.bytes(this._home.file, from, to);
    if (size > (this._size ?? 0)) {
      this._size = size;
      this._changed.emit();
    }
    return { offset: from, data };
  }

  find(query: ILogQuery): Promise<wire.LogMatch> {
    return this._home.find(query);
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    this._following?.dispose();
    Signal.clearData(this);
  }

  // What the follower tells

  /** Where the log goes on: all before has been emitted, or skipped. */
  get next(): number {
    return this._tail.next;
  }

  take(offset: number, data: Uint8Array): void {
    if (offset + data.length <= this.next) {
      return;
    }
    if (offset < this.next) {
      data = data.subarray(this.next - offset);
      offset = this.next;
    }
    if (offset > this.next) {
      this._tail.restart(offset);
    }
    this._tail.add(data);
    this._size = Math.max(this._size ?? 0, this.next);
    this._appended.emit({ offset, data });
    this._changed.emit();
  }

  opened(): void {
    if (this._size === null) {
      this._size = 0;
      this._changed.emit();
    }
  }

  ended(): void {
    this._size ??= 0;
    this._growing = false;
    this._changed.emit();
  }

  failed(message: string): void {
    this._growing = false;
    this._problem = message;
    this._changed.emit();
  }

  private async _open(): Promise<void> {
    try {
      const isOver = await this._home.isOver();
      if (this._isDisposed) {
        return;
      }
      if (!isOver) {
        this._following = this._home.follow(this);
        return;
      }
      const { data, size } = await this._requests.tail(this._home.file, FIRST_BYTES);
      if (!this.isDisposed) {
        this.take(size - data.length, data);
        this.ended();
      }
    } catch (error) {
      if (!this._isDisposed) {
        this.failed(messageOf(error));
      }
    }
  }

  private _size: number | null = null;
  private _growing = true;
  private _problem: string | null = null;
  private readonly _tail = new Tail();
  private _following: IDisposable | null = null;
  private _isDisposed = false;
  private readonly _appended = new Signal<this, IPiece>(this);
  private readonly _changed = new Signal<this, void>(this);
}
