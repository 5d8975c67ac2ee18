// Which bytes of a log are on the screen. No DOM, no network: offsets only.

import type { IPiece } from '../tokens';

const NEWLINE = 10;

/** So many bytes, or lines, are written in one go, and have a position on the screen. */
const SLAB_BYTES = 16_384;
const SLAB_LINES = 250;

/** How much is read at a time when the reader scrolls past an end of the window. */
const STEP_BYTES = 131_072;

/** A part of the window. It begins with a line, but for lines that are longer than itself. */
export interface ISlab extends IPiece {
  /** At least as many rows as it takes on the screen. */
  rows: number;
}

export interface ILimits {
  bytes: number;
  rows: number;
  /** Columns of a row, to know how many rows a long line takes. */
  columns: number;
}

/** Bytes that have come into the window. */
export interface IAddition extends IPiece {
  /** Whether they begin a slab, and not go on with one. */
  begins: boolean;
}

/** A range of bytes, without its end. */
export interface IRange {
  from: number;
  to: number;
}

/**
 * The part of a log that is on the screen: consecutive slabs, bounded in bytes and rows.
 *
 * The log may be of any length. The window slides over it; whatever falls out at one end is read
 * again when somebody looks.
 */
export class LogWindow {
  constructor(limits: ILimits) {
    this._limits = limits;
  }

  get limits(): ILimits {
    return this._limits;
  }

  /** Change the limits; what no longer fits is dropped at the end that is given. */
  setLimits(limits: ILimits, drop: 'start' | 'end'): void {
    this._limits = limits;
    this._slabs = this._slabs.map(slab => ({
      ...slab,
      rows: rowsOf(slab.data, limits.columns)
    }));
    this._fit(drop);
  }

  get slabs(): readonly ISlab[] {
    return this._slabs;
  }

  get isEmpty(): boolean {
    return this._slabs.length === 0;
  }

  /** Offset of the first byte in the window. */
  get from(): number {
    return this._slabs[0]?.offset ?? this._at;
  }

  /** Offset after the last byte in the window. */
  get to(): number {
    const last = this._slabs.at(-1);
    return last ? last.offset + last.data.length : this._at;
  }

  /** Show a piece instead of what there was, as far as it fits. */
  restart(piece: IPiece, drop: 'start' | 'end' = 'start'): void {
    const whole = fromLine(piece);
    this._at = whole.offset;
    this._slabs = slabsOf(whole, this._limits.columns);
    this._fit(drop);
  }

  /** Show of a piece what is around an offset in it. */
  restartAround(piece: IPiece, offset: number): void {
    const whole = fromLine(piece);
    const slabs = slabsOf(whole, this._limits.columns);
    const at = Math.max(0, slabs.filter(slab => slab.offset <= offset).length - 1);
    // The end is cut first; so the line itself and what follows it are always there.
    const before = cut(slabs.slice(0, at), half(this._limits), 'start');
    this._at = whole.offset;
    this._slabs = [...before, ...slabs.slice(at)];
    this._fit('end');
  }

  /**
   * Take the next bytes.
   *
   * @param how `follow` the end: what is too much is dropped at the start. `stay`: take it only if
   * there is room for all. `read` on: take of it what leaves half of what is there in place.
   * @returns What has been added; `null` when there is no room, or a gap before it.
   */
  append(piece: IPiece, how: 'follow' | 'stay' | 'read'): readonly IAddition[] | null {
    const known = this.to - piece.offset;
    if (known < 0 && !this.isEmpty) {
      return null;
    }
    if (known >= piece.data.length) {
      return [];
    }
    const fresh: IPiece =
      known > 0 ? { offset: this.to, data: piece.data.subarray(known) } : piece;
    let added = slabsOf(fresh, this._limits.columns);
    if (how === 'stay' && !fits([...this._slabs, ...added], this._limits)) {
      return null;
    }
    if (how === 'read') {
      added = cut(added, half(this._limits), 'end');
    }
    const joined = this._join(added[0]);
    this._slabs = [...this._slabs, ...(joined ? added.slice(1) : added)];
    this._fit('start');
    return added
      .filter(slab => slab.offset + slab.data.length > this.from)
      .map(({ offset, data }, index) => ({ offset, data, begins: index > 0 || !joined }));
  }

  /** Take the bytes before, or their end; what gets too much is dropped at the end. */
  prepend(piece: IPiece): void {
    const end = piece.offset + piece.data.length;
    if (end !== this.from) {
      return;
    }
    const whole = slabsOf(fromLine(piece), this._limits.columns);
    this._slabs = [...cut(whole, half(this._limits), 'start'), ...this._slabs];
    this._fit('end');
  }

  /** What to read when somebody scrolls past the top; `null` at the beginning of the log. */
  rangeBefore(): IRange | null {
    const { from } = this;
    return from > 0 ? { from: Math.max(0, from - STEP_BYTES), to: from } : null;
  }

  /** What to read when somebody scrolls past the bottom; `null` at the end of the log. */
  rangeAfter(size: number): IRange | null {
    const { to } = this;
    return to < size ? { from: to, to: Math.min(size, to + STEP_BYTES) } : null;
  }

  /** What to read to show an offset with something before and after it. */
  rangeAround(offset: number, size: number): IRange {
    const to = Math.min(size, Math.max(0, offset - STEP_BYTES / 2) + STEP_BYTES);
    return { from: Math.max(0, to - STEP_BYTES), to };
  }

  /** What to read to show the end. */
  rangeOfEnd(size: number): IRange {
    return { from: Math.max(0, size - STEP_BYTES), to: size };
  }

  /** Whether an offset is in the window. */
  has(offset: number): boolean {
    return this.from <= offset && offset < this.to;
  }

  /** Make a slab part of the last one, if both are small: most pieces are a few lines. */
  private _join(slab: ISlab): boolean {
    const last = this._slabs.at(-1);
    const bytes = (last?.data.length ?? 0) + slab.data.length;
    if (!last || bytes > SLAB_BYTES || last.rows + slab.rows > SLAB_LINES) {
      return false;
    }
    const data = new Uint8Array(bytes);
    data.set(last.data);
    data.set(slab.data, last.data.length);
    const rows = last.rows + slab.rows;
    this._slabs = [...this._slabs.slice(0, -1), { offset: last.offset, data, rows }];
    return true;
  }

  private _fit(drop: 'start' | 'end'): void {
    this._slabs = cut(this._slabs, this._limits, drop);
  }

  private _limits: ILimits;
  private _slabs: readonly ISlab[] = [];
  private _at = 0;
}

function half(limits: ILimits): ILimits {
  return { ...limits, bytes: limits.bytes / 2, rows: limits.rows / 2 };
}

function fits(slabs: readonly ISlab[], limits: ILimits): boolean {
  let bytes = 0;
  let rows = 0;
  for (const slab of slabs) {
    bytes += slab.data.length;
    rows += slab.rows;
  }
  return bytes <= limits.bytes && rows <= limits.rows;
}

/** As many slabs as fit, but at least one. */
function cut(
  slabs: readonly ISlab[],
  limits: ILimits,
  drop: 'start' | 'end'
): readonly ISlab[] {
  let kept = slabs;
  while (kept.length > 1 && !fits(kept, limits)) {
    kept = drop === 'start' ? kept.slice(1) : kept.slice(0, -1);
  }
  return kept;
}

/** At most so many rows it takes: a wrapped line counts as often as it is wrapped. */
function rowsOf(data: Uint8Array, columns: number): number {
  let rows = Math.ceil(data.length / columns);
  for (let at = data.indexOf(NEWLINE); at >= 0; at = data.indexOf(NEWLINE, at + 1)) {
    rows += 1;
  }
  return rows;
}

/** A piece from its first whole line on, or from its first whole character where it has none. */
function fromLine(piece: IPiece): IPiece {
  if (piece.offset === 0) {
    return piece;
  }
  const newline = piece.data.indexOf(NEWLINE);
  let skip = newline >= 0 && newline < piece.data.length - 1 ? newline + 1 : 0;
  // Continuation bytes of UTF-8, of which a character has at most three: RFC 3629, section 3.
  while (skip < 4 && (piece.data[skip] & 0xc0) === 0x80) {
    skip += 1;
  }
  return { offset: piece.offset + skip, data: piece.data.subarray(skip) };
}

/** A piece in parts that end with a line where they can. */
function slabsOf(piece: IPiece, columns: number): readonly ISlab[] {
  const slabs: ISlab[] = [];
  const { data } = piece;
  let at = 0;
  while (at < data.length) {
    const most = Math.min(at + SLAB_BYTES, data.length);
    let end = at;
    for (let lines = 0; lines < SLAB_LINES; lines++) {
      const newline = data.indexOf(NEWLINE, end);
      if (newline < 0 || newline >= most) {
        // The last part of a piece may end within a line; another only where a line is too long.
        end = end === at || most === data.length ? most : end;
        break;
      }
      end = newline + 1;
    }
    const part = data.slice(at, end);
    slabs.push({ offset: piece.offset + at, data: part, rows: rowsOf(part, columns) });
    at = end;
  }
  return slabs;
}
