// Who decides what of a log is on the screen: follows its end, reads on where somebody looks.

import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { ILog, ILogQuery, IPiece } from '../tokens';
import { InertText } from './inert';
import type { IRange } from './logwindow';
import { LogWindow } from './logwindow';
import type { INotes, IScreen, IScreenEvents } from './tokens';

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
    this._inert = new InertText(notes.cut);
    this._window = new LogWindow({ bytes: windowBytes, rows: 1_000, columns: 80 });
    log.appended.connect(this._onAppended, this);
    log.changed.connect(this._onLogChanged, this);
  }

  /** Begin to write; the reader disposes of the screen. */
  open(make: (events: IScreenEvents) => IScreen): void {
    this._screen = make({
      moved: () => this._onMoved(),
      resized: () => this._onResized(),
      selected: has => {
        this._hasSelection = has;
        this._changed.emit();
      }
    });
    this._setLimits();
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
    return this._running;
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
      : (this._screen?.topOffset(this._window.to) ?? this._window.from);
  }

  get screen(): IScreen | null {
    return this._screen;
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
    this._screen?.dispose();
    this._screen = null;
    Signal.clearData(this);
  }

  /** Show the end, and what comes. */
  follow(): void {
    this._following = true;
    this._full = false;
    this._run(async screen => {
      const { tail } = this._log;
      if (this._window.isEmpty || this._window.to < tail.offset) {
        const piece = tail.data.length
          ? tail
          : await this._read(this._window.rangeOfEnd(this._size));
        this._window.restart(piece);
        await this._rewrite(screen, { place: () => screen.toEnd() });
      }
      this._following = true;
      screen.toEnd();
    });
  }

  toStart(): void {
    this._following = false;
    this._run(async screen => {
      if (this._window.from > 0) {
        this._window.restart(await this._read(this._window.rangeAround(0, this._size)), 'end');
        await this._rewrite(screen, { place: () => screen.toStart() });
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
    this._run(screen => this._show(screen, offset, 0));
  }

  scrollRows(rows: number): void {
    this._screen?.scrollRows(rows);
  }

  scrollPages(pages: number): void {
    this._screen?.scrollPages(pages);
  }

  /** Break lines that are wider than the screen, or make the screen as wide as they are. */
  setWrap(wrap: boolean): void {
    this._wrap = wrap;
    this._reflow();
  }

  /** Select the next match, in the window or beyond; from the other end when there is none. */
  find(text: string, backwards: boolean): void {
    if (!text) {
      this._say('');
      this._screen?.clearSelection();
      return;
    }
    this._run(async screen => {
      this._say('');
      if (screen.search(text, backwards)) {
        this._following = screen.atEnd && this._following;
        return;
      }
      if (this.whole) {
        screen.clearSelection();
        const found = screen.search(text, backwards);
        this._say(found ? this._notes.wrapped(text) : this._notes.notFound(text));
        return;
      }
      const from = backwards ? this._window.from : this._window.to;
      const opposite = backwards ? this._size : 0;
      if (await this._showMatch(screen, { text, from, backwards })) {
        return;
      }
      const found = await this._showMatch(screen, { text, from: opposite, backwards });
      this._say(found ? this._notes.wrapped(text) : this._notes.notFound(text));
    });
  }

  /** Show the first line that looks like an error; called again, the next one. */
  findError(): void {
    this._run(async screen => {
      this._say('');
      const from = this._afterError;
      const found =
        (await this._showMatch(screen, { text: null, from })) ||
        (from > 0 && (await this._showMatch(screen, { text: null, from: 0 })));
      if (!found) {
        this._say(this._notes.noError);
      }
    });
  }

  private get _size(): number {
    return this._log.size ?? 0;
  }

  private async _showMatch(screen: IScreen, query: ILogQuery): Promise<boolean> {
    const match = await this._log.find(query);
    if (match.offset === null) {
      return false;
    }
    if (query.text === null) {
      this._afterError = match.offset + Math.max(1, match.size_bytes ?? 1);
    }
    this._following = false;
    const line = match.line_offset ?? match.offset;
    await this._show(screen, line, ROWS_ABOVE);
    screen.selectLine(line, query.text);
    return true;
  }

  private async _show(screen: IScreen, offset: number, rows: number): Promise<void> {
    if (!this._window.has(offset)) {
      const range = this._window.rangeAround(offset, this._size);
      this._window.restartAround(await this._read(range), offset);
    }
    const place = (): void => screen.toAnchor({ offset, rows });
    await this._rewrite(screen, { mark: offset, place });
  }

  /** Write the whole window anew; `place` scrolls to what is to be seen. */
  private async _rewrite(
    screen: IScreen,
    how: { place: () => void; mark?: number; note?: string }
  ): Promise<void> {
    this._full = false;
    this._setLimits();
    this._inert.reset();
    await screen.rewrite(this._parts(how.mark, how.note), how.place);
  }

  /** The window's text, in parts that begin with its slabs, and with a mark among them. */
  private *_parts(
    mark: number | undefined,
    note: string | undefined
  ): Iterable<{ offset: number | null; text: string }> {
    if (note) {
      yield { offset: null, text: `\x1b[2;3m${note}\x1b[0m\n` };
    }
    for (const { offset, data } of this._window.slabs) {
      const at = mark === undefined ? 0 : mark - offset;
      if (at > 0 && at < data.length) {
        yield { offset, text: this._inert.feed(data.subarray(0, at)) };
        yield { offset: offset + at, text: this._inert.feed(data.subarray(at)) };
      } else {
        yield { offset, text: this._inert.feed(data) };
      }
    }
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
    const screen = this._screen;
    if (!screen || this._running || this._writing || this._full) {
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
    void this._write(screen, added);
  }

  private async _write(
    screen: IScreen,
    added: readonly { offset: number; data: Uint8Array; begins: boolean }[]
  ): Promise<void> {
    for (const { offset, data, begins } of added) {
      await screen.write(this._inert.feed(data), begins ? offset : null);
    }
    this._wroteAt = performance.now();
    this._writing = false;
    if (this._isDisposed) {
      return;
    }
    if (!this._wrap && this._inert.longest > screen.columns) {
      this._reflow();
    }
    this._changed.emit();
    this._next();
    this._onAppended();
  }

  /** Begin anew with the end of the log, because what comes before was never here. */
  private _restart(tail: IPiece): void {
    const skipped = this._window.isEmpty ? 0 : tail.offset - this._window.to;
    this._run(async screen => {
      this._window.restart(this._log.tail);
      await this._rewrite(screen, {
        place: () => screen.toEnd(),
        note: skipped ? this._notes.skipped(skipped) : undefined
      });
    });
  }

  private _onMoved(): void {
    const screen = this._screen;
    if (!screen || this._running || this._window.isEmpty) {
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
    if (!range || range.to === this._tried) {
      return;
    }
    this._tried = range.to;
    this._run(async screen => {
      const piece = await this._read(range);
      this._window.prepend(piece);
      await this._rewriteInPlace(screen);
    });
  }

  private _readAfter(): void {
    const range = this._window.rangeAfter(this._size);
    if (!range) {
      this._full = false;
      return;
    }
    if (range.from === this._tried) {
      return;
    }
    this._tried = range.from;
    this._run(async screen => {
      const piece = await this._read(range);
      this._window.append(piece, 'read');
      await this._rewriteInPlace(screen);
    });
  }

  /** Write the window anew without moving what is in sight. */
  private async _rewriteInPlace(screen: IScreen): Promise<void> {
    const anchor = screen.anchor();
    const place = (): void => (anchor ? screen.toAnchor(anchor) : screen.toEnd());
    await this._rewrite(screen, { mark: anchor?.offset, place });
  }

  private _onResized(): void {
    this._setLimits();
    this._changed.emit();
  }

  private _reflow(): void {
    this._screen?.setWrap(this._wrap, this._inert.longest);
    this._setLimits();
    this._changed.emit();
  }

  private _setLimits(): void {
    const screen = this._screen;
    if (screen) {
      const { bytes } = this._window.limits;
      const limits = { bytes, rows: screen.rowLimit, columns: screen.columns };
      this._window.setLimits(limits, this._following ? 'start' : 'end');
    }
  }

  private async _read(range: IRange): Promise<IPiece> {
    return range.from < range.to
      ? this._log.read(range.from, range.to)
      : { offset: range.from, data: new Uint8Array(0) };
  }

  /** One thing at a time; of those that are asked for meanwhile, the last. */
  private _run(job: (screen: IScreen) => Promise<void>): void {
    this._job = job;
    this._next();
  }

  private _next(): void {
    const job = this._job;
    const screen = this._screen;
    if (!job || !screen || this._running || this._writing) {
      return;
    }
    this._job = null;
    this._running = true;
    this._changed.emit();
    void job(screen)
      .catch((error: unknown) => {
        this._say(this._notes.failed(error instanceof Error ? error.message : String(error)));
      })
      .then(() => {
        this._running = false;
        if (!this._isDisposed) {
          this._changed.emit();
          this._next();
          this._catchUp();
        }
      });
  }

  private _say(message: string): void {
    if (message !== this._message) {
      this._message = message;
      this._changed.emit();
    }
  }

  private readonly _log: ILog;
  private readonly _notes: INotes;
  private readonly _inert: InertText;
  private readonly _window: LogWindow;
  private readonly _changed = new Signal<this, void>(this);
  private _screen: IScreen | null = null;
  private _job: ((screen: IScreen) => Promise<void>) | null = null;
  private _running = false;
  private _writing = false;
  private _following = true;
  /** Whether there is more, but no room for it while somebody reads what is there. */
  private _full = false;
  private _wrap = true;
  private _hasSelection = false;
  private _message = '';
  private _afterError = 0;
  /** Where it was read on last: what did not help is not done again until somebody scrolls. */
  private _tried: number | null = null;
  private _wroteAt = 0;
  private _timer: ReturnType<typeof setTimeout> | null = null;
  private _isDisposed = false;
}
