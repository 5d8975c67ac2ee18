// What a run prints is data. Of what a terminal understands, only that is let through which shows
// it: colours, and movements and erasures near the cursor, as progress bars use them.

/** Characters of one line that are shown; the rest of it is in the download. */
const LONGEST_LINE = 20_000;

/** A sequence that is longer is none. */
const LONGEST_SEQUENCE = 256;

/** Nobody's terminal is larger; a hostile number must not cost time. */
const FARTHEST = 999;

// C0 and C1 controls, and changes of direction (Unicode TR9): they act instead of showing.
const TOKEN =
  /([^\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]+)|\x1b\[([0-?]*)([ -/]*)([@-~])|\x1b[\]PX^_]|\x1b[ -/]*[0-~]|([^])/g;

/** The beginning of a sequence whose end is still to come. */
const PARTIAL = /\x1b(?:\[[0-?]*[ -/]*|[ -/]*)$/;

/** Ends a string that is addressed to a terminal (a title, a link, the clipboard, an image). */
const STRING_END = /\x07|\x1b\\|\x1b(?!$)|\n/;

/**
 * Turns the bytes of a log, piece by piece, into text that can safely be written to a terminal.
 *
 * Bytes that are not UTF-8 become U+FFFD; a character or a sequence may be split across pieces.
 * Dropped are strings (titles, links, clipboard, images), queries, modes, the alternate screen,
 * absolute positions and erasing the whole screen, which would hide what was printed before.
 *
 * References: ECMA-48, 8.3.117 SGR, 8.3.41 EL, 8.3.39 ED, 8.3.18 to 8.3.22 cursor movements.
 */
export class InertText {
  /**
   * @param cutNote Stands where a line was cut because it is too long.
   * @param longestLine Characters of one line that are let through.
   */
  constructor(cutNote: string, longestLine = LONGEST_LINE) {
    this._cutNote = `\x1b[0;2m${cutNote}\x1b[0m`;
    this._longestLine = longestLine;
  }

  /** Columns of the longest line so far. */
  get longest(): number {
    return this._longest;
  }

  /** The text of the next bytes. */
  feed(data: Uint8Array): string {
    let text = this._pending + this._decoder.decode(data, { stream: true });
    this._pending = '';
    const shown: string[] = [];
    while (text) {
      if (this._inString) {
        text = this._skipString(text);
        continue;
      }
      const partial = PARTIAL.exec(text.slice(-LONGEST_SEQUENCE));
      if (partial) {
        this._pending = partial[0];
        text = text.slice(0, text.length - partial[0].length);
      }
      text = this._tokens(text, shown);
    }
    return shown.join('');
  }

  /** Whatever comes next has nothing to do with what came before. */
  reset(): void {
    this._decoder = new TextDecoder();
    this._pending = '';
    this._inString = false;
    this._column = 0;
    this._longest = 0;
  }

  /** Returns what is left once a string begins. */
  private _tokens(text: string, shown: string[]): string {
    TOKEN.lastIndex = 0;
    for (let token = TOKEN.exec(text); token; token = TOKEN.exec(text)) {
      const [whole, run, parameters, intermediates, final, control] = token;
      if (run) {
        this._text(run, shown);
      } else if (final) {
        shown.push(intermediates ? '' : command(parameters, final));
      } else if (control) {
        this._control(control, shown);
      } else if (whole.length === 2 && ']PX^_'.includes(whole[1])) {
        this._inString = true;
        // What was kept back as the beginning of a sequence belongs to the string.
        const rest = text.slice(TOKEN.lastIndex) + this._pending;
        this._pending = '';
        return rest;
      }
    }
    return '';
  }

  private _text(run: string, shown: string[]): void {
    const room = this._longestLine - this._column;
    this._column += run.length;
    if (room >= run.length) {
      shown.push(run);
    } else if (room >= 0) {
      shown.push(run.slice(0, room), this._cutNote);
      this._column = this._longestLine + 1;
    }
    this._longest = Math.max(this._longest, Math.min(this._column, this._longestLine));
  }

  private _control(control: string, shown: string[]): void {
    if (control === '\n' || control === '\r') {
      this._column = 0;
      shown.push(control);
    } else if (control === '\t') {
      this._text(control, shown);
    } else if (control === '\b') {
      shown.push(control);
    }
  }

  private _skipString(text: string): string {
    const end = STRING_END.exec(text);
    if (!end) {
      this._pending = text.endsWith('\x1b') ? '\x1b' : '';
      return '';
    }
    this._inString = false;
    // A newline, or the next sequence, ends a string that nobody has ended.
    return text.slice(end.index + (/^[\n\x1b]$/.test(end[0]) ? 0 : end[0].length));
  }

  private _decoder = new TextDecoder();
  private _pending = '';
  private _inString = false;
  private _column = 0;
  private _longest = 0;
  private readonly _cutNote: string;
  private readonly _longestLine: number;
}

/** A control sequence as it is let through; empty where it is not. */
function command(parameters: string, final: string): string {
  if (final === 'm') {
    return /^[0-9;:]{0,64}$/.test(parameters) ? `\x1b[${parameters}m` : '';
  }
  if (!/^[0-9]{0,9}$/.test(parameters)) {
    return '';
  }
  const count = Math.min(Number(parameters), FARTHEST);
  if ('ABCDEFG'.includes(final)) {
    return `\x1b[${Math.max(count, 1)}${final}`;
  }
  // Erasing from the cursor on is what a redrawn block of progress bars does.
  return (final === 'K' && count <= 2) || (final === 'J' && count === 0)
    ? `\x1b[${count}${final}`
    : '';
}
