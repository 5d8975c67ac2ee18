import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { IRunFilter } from '../tokens';

import { RunSelection } from './selection';

/** The parts of the sidebar that fold. */
export type Section = 'queue' | 'runs' | 'environments' | 'compute' | 'models';

/** What the sidebar shows: kept while it is hidden, and the sections between two pages. */
export class SidebarModel {
  readonly selection = new RunSelection();

  get filter(): IRunFilter {
    return this._filter;
  }

  set filter(filter: IRunFilter) {
    this._filter = filter;
    this.selection.reset();
    this._changed.emit();
  }

  get isFiltered(): boolean {
    return Object.keys(this._filter).length > 0;
  }

  isOpen(section: Section): boolean {
    return !this._closed.has(section);
  }

  toggle(section: Section): void {
    if (!this._closed.delete(section)) {
      this._closed.add(section);
    }
    this._changed.emit();
  }

  /** The part that is remembered for the next page. A filter is not: it would hide runs. */
  toJSON(): ReadonlyPartialJSONObject {
    return { closed: [...this._closed] };
  }

  restore(remembered: unknown): void {
    const { closed } = (remembered ?? {}) as { closed?: unknown };
    if (Array.isArray(closed)) {
      this._closed = new Set(SECTIONS.filter(section => closed.includes(section)));
      this._changed.emit();
    }
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  private _filter: IRunFilter = {};
  private _closed = new Set<Section>(['environments', 'compute', 'models']);
  private readonly _changed = new Signal<this, void>(this);
}

const SECTIONS: readonly Section[] = ['queue', 'runs', 'environments', 'compute', 'models'];
