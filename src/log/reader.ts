// Who decides what of a log is on the screen: follows its end, reads on where somebody looks.

import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { ILog, IPiece } from '../tokens';
import type { IAddition, IRange } from './logwindow';
import { LogWindow } from './logwindow';
import type { IRewrite } from './painter';
import { Painter } from './painter';
import type { ISearched } from './search';
import { LogSearch } from './search';
import type { INotes, IScreen, IScreenEvents } from './tokens';
import { Turns } from './turns';

/** Bytes given to the screen in one go. */
const BATCH_BYTES = 65_536;

/** At most so often what has come is given to the screen. */
const BETWEEN_MS = 25;

/** Rows above a line that was jumped to. */
const ROWS_ABOVE = 2;

/** Shows an `ILog`, of whatever length, on a screen of bounded memory. */
export class LogReader implements IDisposable {
  constructor(log: ILog, notes: INotes, windowBytes: number) {
    this._log = log;
    this._notes = notes;
    this._search = new LogSearch(log, notes);
    this._turns = new Turns(
      () => this._painter !== null && !this._writing,
      error => this._onTurnEnded(error)
    );
    this._window = new LogWindow({ bytes: windowBytes, rows: 1_000, columns: 80 });
    log.appended.connect(this._onAppended, this);
    log.changed.connect(this._onLogChanged, this);
  }

  /** Begin to write; the reader disposes of the screen. */
  open(make: (events: IScreenEvents) => IScreen): void {
    const screen = make({
      moved: () => this._onMoved(),
      resized: () => this._onResized(),
      selected: has => {
        this._hasSelection = has;
        this._changed.emit();
      }
    });
    const drop = (): 'start' | 'end' => (this._following ? 'start' : 'end');
    this._painter = new Painter(screen, this._window, this._notes.cut, drop);
    this._painter.setWrap(this._wrap);
    this._catchUp();
  }

  /** Anything below, or of the log, has changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Whether the end is shown as it grows. */
  get following(): boolean {
    return this._following;
  }

  get wrap(): boolean {
    return this._wrap;
  }

  /** Whether something is being read from the server. */
  get busy(): boolean {
    return this._turns.busy;
  }

  get hasSelection(): boolean {
    return this._hasSelection;
  }

  /** What was found, or could not be read; empty when there is nothing to say. */
  get message(): string {
    return this._message;
  }

  /** Whether all of the log is on the screen. */
  get whole(): boolean {
    return this._window.from === 0 && this._window.to >= this._size;
  }

  /** About which byte is in sight. */
  get position(): number {
    return this._following
      ? this._size
      : (this.screen?.topOffset(this._window.to) ?? this._window.from);
  }

  get screen(): IScreen | null {
    return this._painter?.screen ?? null;
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    if (this._timer !== null) {
      clearTimeout(this._timer);
    }
    this._log.appended.disconnect(this._onAppended, this);
    this._log.changed.disconnect(this._onLogChanged, this);
    this.screen?.dispose();
    this._painter = null;
    Signal.clearData(this);
  }

  /** Show the end, and what comes. */
  follow(): void {
    this._following = true;
    this._full = false;
    this._run(async painter => {
      const { screen } = painter;
      const { tail } = this._log;
      if (this._window.isEmpty || this._window.to < tail.offset) {
        const piece = tail.data.length
          ? tail
          : await this._read(this._window.rangeOfEnd(this._size));
        this._window.restart(piece);
        await this._rewrite(painter, { place: () => screen.toEnd() });
      }
      this._following = true;
      screen.toEnd();
    });
  }

  toStart(): void {
    this._following = false;
    this._run(async painter => {
      const { screen } = painter;
      if (this._window.from > 0) {
        this._window.restart(await this._read(this._window.rangeAround(0, this._size)), 'end');
        await this._rewrite(painter, { place: () => screen.toStart() });
      }
      screen.toStart();
    });
  }

  /** Show what is about so many bytes into the log. */
  goTo(offset: number): void {
    if (offset >= this._size) {
      this.follow();
      return;
    }
    this._following = false;
    this._run(painter => this._show(painter, offset, 0));
  }

  /** Break lines that are wider than the screen, or make the screen as wide as they are. */
  setWrap(wrap: boolean): void {
    this._wrap = wrap;
    this._painter?.setWrap(wrap);
    this._changed.emit();
  }

  /** Select the next match, in the window or beyond; from the other end when there is none. */
  find(text: string, backwards: boolean): void {
    if (!text) {
      this._say('');
      this.screen?.clearSelection();
      return;
    }
    this._run(async painter => {
      this._say('');
      this._say(await this._search.find(this._searched(painter), text, backwards));
      this._following &&= painter.screen.atEnd;
    });
  }

  /** Show the first line that looks like an error; called again, the next one. */
  findError(): void {
    this._run(async painter => {
      this._say('');
      this._say(await this._search.findError(this._searched(painter)));
    });
  }

  private get _size(): number {
    return this._log.size ?? 0;
  }

  private _searched(painter: Painter): ISearched {
    return {
      screen: painter.screen,
      window: this._window,
      size: this._size,
      show: offset => {
        this._following = false;
        return this._show(painter, offset, ROWS_ABOVE);
      }
    };
  }

  private async _show(painter: Painter, offset: number, rows: number): Promise<void> {
    if (!this._window.has(offset)) {
      const range = this._window.rangeAround(offset, this._size);
      this._window.restartAround(await this._read(range), offset);
    }
    const place = (): void => painter.screen.toAnchor({ offset, rows });
    await this._rewrite(painter, { mark: offset, place });
  }

  private _rewrite(painter: Painter, how: IRewrite): Promise<void> {
    this._full = false;
    return painter.rewrite(how);
  }

  private _onAppended(): void {
    if (this._timer === null && !this._writing) {
      const wait = Math.max(0, this._wroteAt + BETWEEN_MS - performance.now());
      this._timer = setTimeout(() => {
        this._timer = null;
        this._catchUp();
      }, wait);
    }
  }

  private _onLogChanged(): void {
    this._changed.emit();
  }

  /** Give the screen what has come; one batch at a time, the rest waits in the log's tail. */
  private _catchUp(): void {
    const painter = this._painter;
    if (!painter || this._turns.busy || this._writing || this._full) {
      return;
    }
    const { tail } = this._log;
    const end = tail.offset + tail.data.length;
    if (this._window.isEmpty ? !tail.data.length : this._window.to >= end) {
      return;
    }
    if (this._window.isEmpty || this._window.to < tail.offset) {
      if (this._following) {
        this._restart(tail);
      } else {
        this._full = true;
      }
      return;
    }
    const at = this._window.to - tail.offset;
    const piece: IPiece = {
      offset: this._window.to,
      data: tail.data.subarray(at, at + BATCH_BYTES)
    };
    const added = this._window.append(piece, this._following ? 'follow' : 'stay');
    if (!added) {
      this._full = true;
      return;
    }
    this._writing = true;
    void this._write(painter, added);
  }

  private async _write(painter: Painter, added: readonly IAddition[]): Promise<void> {
    await painter.write(added);
    this._wroteAt = performance.now();
    this._writing = false;
    if (this._isDisposed) {
      return;
    }
    painter.widen();
    this._changed.emit();
    this._turns.next();
    this._onAppended();
  }

  /** Begin anew with the end of the log, because what comes before was never here. */
  private _restart(tail: IPiece): void {
    const skipped = this._window.isEmpty ? 0 : tail.offset - this._window.to;
    this._run(async painter => {
      this._window.restart(this._log.tail);
      await this._rewrite(painter, {
        place: () => painter.screen.toEnd(),
        note: skipped ? this._notes.skipped(skipped) : undefined
      });
    });
  }

  private _onMoved(): void {
    const { screen } = this;
    if (!screen || this._turns.busy || this._window.isEmpty) {
      return;
    }
    // A log that grows faster than it is shown is followed all the same.
    const near = this._following || this._window.to >= this._log.tail.offset;
    const following = screen.atEnd && near && !this._full;
    if (following !== this._following) {
      this._following = following;
      this._changed.emit();
      if (following) {
        this._catchUp();
      }
    }
    if (screen.atStart && !screen.atEnd) {
      this._readBefore();
    } else if (screen.atEnd && !following) {
      this._readAfter();
    } else {
      this._tried = null;
    }
    if (!following) {
      this._changed.emit();
    }
  }

  private _readBefore(): void {
    const range = this._window.rangeBefore();
    if (range) {
      this._readOn(range, range.to, piece => this._window.prepend(piece));
    }
  }

  private _readAfter(): void {
    const range = this._window.rangeAfter(this._size);
    if (range) {
      this._readOn(range, range.from, piece => this._window.append(piece, 'read'));
    } else {
      this._full = false;
    }
  }

  /** Take what is next to the window at its edge, and show the same as before. */
  private _readOn(range: IRange, edge: number, take: (piece: IPiece) => void): void {
    if (edge === this._tried) {
      return;
    }
    this._tried = edge;
    this._run(async painter => {
      take(await this._read(range));
      this._full = false;
      await painter.rewriteInPlace();
    });
  }

  private _onResized(): void {
    this._painter?.fit();
    this._changed.emit();
  }

  private async _read(range: IRange): Promise<IPiece> {
    return range.from < range.to
      ? this._log.read(range.from, range.to)
      : { offset: range.from, data: new Uint8Array(0) };
  }

  private _run(job: (painter: Painter) => Promise<void>): void {
    this._turns.ask(async () => {
      if (this._painter) {
        this._changed.emit();
        await job(this._painter);
      }
    });
  }

  private _onTurnEnded(error: Error | null): void {
    if (this._isDisposed) {
      return;
    }
    if (error) {
      this._say(this._notes.failed(error.message));
    }
    this._changed.emit();
    this._turns.next();
    this._catchUp();
  }

  private _say(message: string): void {
    if (message !== this._message) {
      this._message = message;
      this._changed.emit();
    }
  }

  private readonly _log: ILog;
  private readonly _notes: INotes;
  private readonly _search: LogSearch;
  private readonly _turns: Turns;
  private readonly _window: LogWindow;
  private readonly _changed = new Signal<this, void>(this);
  private _painter: Painter | null = null;
  private _writing = false;
  private _following = true;
  /** Whether there is more, but no room for it while somebody reads what is there. */
  private _full = false;
  private _wrap = true;
  private _hasSelection = false;
  private _message = '';
  /** Where it was read on last: what did not help is not done again until somebody scrolls. */
  private _tried: number | null = null;
  private _wroteAt = 0;
  private _timer: ReturnType<typeof setTimeout> | null = null;
  private _isDisposed = false;
}
