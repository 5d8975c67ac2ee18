// Looks for texts and errors in a log: on the screen first, then in all the rest.

import type { ILog, ILogQuery } from '../tokens';
import type { IRange } from './logwindow';
import type { INotes, IScreen } from './tokens';

/** What shows a log, as far as a search needs it. */
export interface ISearched {
  readonly screen: IScreen;
  /** Which bytes of the log are on the screen. */
  readonly window: Readonly<IRange>;
  /** Of the whole log. */
  readonly size: number;
  /** Bring the line that begins at an offset in sight. */
  show(offset: number): Promise<void>;
}

/** A user's search, which goes on where it was. */
export class LogSearch {
  constructor(
    private readonly _log: ILog,
    private readonly _notes: INotes
  ) {}

  /** Select the next match, from the other end when there is none; returns what to say of it. */
  async find(shown: ISearched, text: string, backwards: boolean): Promise<string> {
    const { screen, window, size } = shown;
    if (screen.search(text, backwards)) {
      return '';
    }
    let found: boolean;
    if (window.from === 0 && window.to >= size) {
      screen.clearSelection();
      found = screen.search(text, backwards);
    } else {
      const from = backwards ? window.from : window.to;
      if (await this._show(shown, { text, from, backwards })) {
        return '';
      }
      const opposite = backwards ? size : 0;
      found = await this._show(shown, { text, from: opposite, backwards });
    }
    return found ? this._notes.wrapped(text) : this._notes.notFound(text);
  }

  /** Show the first line that looks like an error, then the next; returns what to say of it. */
  async findError(shown: ISearched): Promise<string> {
    const from = this._afterError;
    const found =
      (await this._show(shown, { text: null, from })) ||
      (from > 0 && (await this._show(shown, { text: null, from: 0 })));
    return found ? '' : this._notes.noError;
  }

  private async _show(shown: ISearched, query: ILogQuery): Promise<boolean> {
    const match = await this._log.find(query);
    if (match.offset === null) {
      return false;
    }
    if (query.text === null) {
      this._afterError = match.offset + Math.max(1, match.size_bytes ?? 1);
    }
    const line = match.line_offset ?? match.offset;
    await shown.show(line);
    shown.screen.selectLine(line, query.text);
    return true;
  }

  private _afterError = 0;
}
