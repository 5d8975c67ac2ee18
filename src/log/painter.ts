// Writes the window of a log on a screen, with what acts in it made inert.

import { InertText } from './inert';
import type { IAddition, LogWindow } from './logwindow';
import type { IScreen } from './tokens';

/** How a window is written anew. */
export interface IRewrite {
  /** Scrolls to what is to be seen, before any of it is. */
  place: () => void;
  /** An offset that `place` goes to. */
  mark?: number;
  /** A line above the log's own. */
  note?: string;
}

/** Keeps a screen showing what a window holds, and the window no larger than the screen. */
export class Painter {
  /**
   * @param cut Stands where a line was cut.
   * @param drop Which end of the window goes when it is too large.
   */
  constructor(
    readonly screen: IScreen,
    private readonly _window: LogWindow,
    cut: string,
    private readonly _drop: () => 'start' | 'end'
  ) {
    this._inert = new InertText(cut);
  }

  /** Break lines that are wider than the screen, or make the screen as wide as they are. */
  setWrap(wrap: boolean): void {
    this._wrap = wrap;
    this.screen.setWrap(wrap, this._inert.longest);
    this.fit();
  }

  /** Drop what the screen has no rows for. */
  fit(): void {
    const { bytes } = this._window.limits;
    const limits = { bytes, rows: this.screen.rowLimit, columns: this.screen.columns };
    this._window.setLimits(limits, this._drop());
  }

  /** Write what has come into the window at its end. */
  async write(added: readonly IAddition[]): Promise<void> {
    for (const { offset, data, begins } of added) {
      await this.screen.write(this._inert.feed(data), begins ? offset : null);
    }
  }

  /** Make the screen wider, if lines are not broken and one that was written is wider. */
  widen(): void {
    if (!this._wrap && this._inert.longest > this.screen.columns) {
      this.setWrap(false);
    }
  }

  /** Write the whole window. */
  async rewrite({ place, mark, note }: IRewrite): Promise<void> {
    this.fit();
    this._inert.reset();
    await this.screen.rewrite(this._parts(mark, note), place);
  }

  /** Write the whole window without moving what is in sight. */
  rewriteInPlace(): Promise<void> {
    const { screen } = this;
    const anchor = screen.anchor();
    const place = (): void => (anchor ? screen.toAnchor(anchor) : screen.toEnd());
    return this.rewrite({ mark: anchor?.offset, place });
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

  private readonly _inert: InertText;
  private _wrap = true;
}
