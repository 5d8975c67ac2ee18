import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

/** The rows of a list, of which some are not loaded yet. */
export interface IRows {
  readonly length: number;
  /** The id of a row; `undefined` while it is not loaded. */
  idAt(index: number): string | undefined;
}

interface IPlace {
  index: number;
  /** `undefined` until the row is loaded. */
  id: string | undefined;
}

/** How far from its old place a row is looked for before the whole list is searched. */
const NEAR = 50;

/**
 * Which rows are selected, and which one the keyboard is at.
 *
 * It holds on to runs, not to indexes: what moves in the list, because others come and go, stays
 * selected. Rows that are not loaded can be selected too; they count as soon as they are there.
 */
export class RunSelection {
  /** Ids of the selected rows that are loaded. */
  get ids(): ReadonlySet<string> {
    return this._ids;
  }

  /** Where the keyboard is: an index; -1 for nowhere. */
  get active(): number {
    return this._active.index;
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Go to a row and select it alone. */
  moveTo(rows: IRows, index: number): void {
    const at = clamp(index, rows);
    this._anchor = this._active = place(rows, at);
    this._ids = new Set(this._active.id === undefined ? [] : [this._active.id]);
    this._isRange = this._active.id === undefined && at >= 0;
    this._changed.emit();
  }

  /** Select everything from where the selection began up to a row, and go there. */
  extendTo(rows: IRows, index: number): void {
    if (this._anchor.index < 0) {
      this.moveTo(rows, index);
      return;
    }
    this._active = place(rows, clamp(index, rows));
    this._selectRange(rows);
    this._changed.emit();
  }

  /** Go to a row without a change of what is selected. */
  goTo(rows: IRows, index: number): void {
    this._active = place(rows, clamp(index, rows));
    this._changed.emit();
  }

  /** Add a row to what is selected, or take it out, and go there. */
  toggle(rows: IRows, index: number): void {
    const id = rows.idAt(index);
    if (id === undefined) {
      return;
    }
    this._anchor = this._active = { index, id };
    this._ids = new Set(this._ids);
    if (!this._ids.delete(id)) {
      this._ids.add(id);
    }
    this._isRange = false;
    this._changed.emit();
  }

  /** Select every row. */
  all(rows: IRows): void {
    if (rows.length) {
      this._anchor = place(rows, 0);
      this._active = place(rows, rows.length - 1);
      this._selectRange(rows);
      this._changed.emit();
    }
  }

  /** Select nothing; the keyboard stays where it is. */
  clear(): void {
    if (this._ids.size || this._isRange) {
      this._ids = new Set();
      this._isRange = false;
      this._changed.emit();
    }
  }

  /** Forget everything: the list is another one. */
  reset(): void {
    this._anchor = this._active = NOWHERE;
    this.clear();
  }

  /** A run was deleted. */
  remove(id: string): void {
    if (this._ids.has(id)) {
      this._ids = new Set(this._ids);
      this._ids.delete(id);
      this._changed.emit();
    }
    for (const each of [this._anchor, this._active]) {
      if (each.id === id) {
        each.id = undefined;
      }
    }
  }

  /** The rows have changed: find the runs again, and those that have been loaded since. */
  settle(rows: IRows): void {
    const before = this._active.index;
    this._anchor = found(rows, this._anchor);
    this._active = found(rows, this._active);
    const count = this._ids.size;
    if (this._isRange) {
      this._selectRange(rows);
    }
    if (this._active.index !== before || this._ids.size !== count) {
      this._changed.emit();
    }
  }

  /** The rows `[from, to)` of a selection some of whose rows are not loaded, or `null`. */
  get wanted(): [from: number, to: number] | null {
    return this._isRange ? this._range() : null;
  }

  private _range(): [number, number] {
    const ends = [this._anchor.index, this._active.index];
    return [Math.min(...ends), Math.max(...ends) + 1];
  }

  private _selectRange(rows: IRows): void {
    const [from, to] = this._range();
    this._ids = new Set();
    this._isRange = false;
    for (let index = from; index < to; index += 1) {
      const id = rows.idAt(index);
      if (id === undefined) {
        this._isRange = true;
      } else {
        this._ids.add(id);
      }
    }
  }

  private _anchor: IPlace = NOWHERE;
  private _active: IPlace = NOWHERE;
  private _ids: Set<string> = new Set();
  /** Whether rows between anchor and active are still to be selected once they are loaded. */
  private _isRange = false;
  private readonly _changed = new Signal<this, void>(this);
}

const NOWHERE: IPlace = { index: -1, id: undefined };

function clamp(index: number, rows: IRows): number {
  return Math.max(Math.min(index, rows.length - 1), rows.length ? 0 : -1);
}

function place(rows: IRows, index: number): IPlace {
  return { index, id: index < 0 ? undefined : rows.idAt(index) };
}

/** Where the run of a place is now; its index if it is gone. */
function found(rows: IRows, { index, id }: IPlace): IPlace {
  if (index < 0 || id === undefined || rows.idAt(index) === id) {
    return place(rows, index < 0 ? -1 : clamp(index, rows));
  }
  for (let step = 1; step <= NEAR; step += 1) {
    for (const near of [index + step, index - step]) {
      if (near >= 0 && near < rows.length && rows.idAt(near) === id) {
        return { index: near, id };
      }
    }
  }
  for (let each = 0; each < rows.length; each += 1) {
    if (rows.idAt(each) === id) {
      return { index: each, id };
    }
  }
  return place(rows, clamp(index, rows));
}
