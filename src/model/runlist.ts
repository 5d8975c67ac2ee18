import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import { messageOf } from '../api/error';
import type { Query } from '../api/requests';
import type * as wire from '../api/wire';
import type { IRunFilter, IRunList } from '../tokens';

import type { Runs } from './runs';

/** Rows of one request. */
const PAGE = 100;

/** Changes that come this soon after another cost one look, in ms. */
const GATHER_MS = 300;

/** A live list of runs, newest first, of which only what is looked at is loaded. */
export class RunList implements IRunList {
  constructor(
    private readonly _runs: Runs,
    readonly filter: IRunFilter,
    private readonly _load: (query: Query) => Promise<wire.RunPage>
  ) {
    _runs.changed.connect(this._onChanged, this);
    _runs.deleted.connect(this._onDeleted, this);
    _runs.reset.connect(this._onReset, this);
  }

  get length(): number | null {
    return this._length;
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

  at(index: number): wire.Run | undefined {
    const id = this._ids[index];
    return id === undefined ? undefined : this._runs.get(id);
  }

  need(from: number, to: number): void {
    this._needed = [from, to];
    const end = this._length === null ? Math.max(to, 1) : Math.min(to, this._length);
    for (let page = Math.floor(from / PAGE); page * PAGE < end; page += 1) {
      const last = Math.min((page + 1) * PAGE, end);
      for (let index = Math.max(from, page * PAGE); index < last; index += 1) {
        if (this.at(index) === undefined) {
          void this._loadPage(page);
          break;
        }
      }
    }
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    window.clearTimeout(this._timer);
    Signal.clearData(this);
  }

  private async _loadPage(page: number): Promise<void> {
    if (this._loading.has(page)) {
      return;
    }
    this._loading.add(page);
    const generation = this._generation;
    try {
      const found = await this._load({
        ...asQuery(this.filter),
        skip: page * PAGE,
        limit: PAGE
      });
      if (!this._isDisposed && generation === this._generation) {
        this._place(page * PAGE, found);
      }
    } catch (error) {
      this._problem = messageOf(error);
    } finally {
      if (generation === this._generation) {
        this._loading.delete(page);
      }
    }
    if (!this._isDisposed) {
      this._changed.emit();
    }
  }

  private _place(skip: number, page: wire.RunPage): void {
    const total = page.total ?? skip + page.runs.length;
    if (!this._counted) {
      this._counted = true;
      this._length = total;
      this._ids.splice(total);
    }
    // Runs come at the top. The server counts more: it knows of some that are news to come. It
    // counts fewer: the news was faster than this answer.
    const more = total - (this._length ?? total);
    if (more > 0) {
      this._ids.splice(0, 0, ...new Array<undefined>(more).fill(undefined));
      this._length = total;
    }
    const start = skip + Math.max(0, -more);
    page.runs.forEach((run, index) => {
      this._ids[start + index] = run.id;
    });
    this._problem = null;
    this._placing = true;
    for (const run of page.runs) {
      this._runs.apply(run);
    }
    this._placing = false;
  }

  private _onChanged(_: Runs, run: wire.Run): void {
    if (this._length === null || this._placing) {
      return;
    }
    const index = this._ids.indexOf(run.id);
    const fits = matches(run, this.filter);
    if (index >= 0 && fits) {
      this._changed.emit();
    } else if (index >= 0) {
      this._drop(index);
    } else if (fits) {
      const newest = this.at(0);
      if (newest && run.number > newest.number) {
        this._ids.unshift(run.id);
        this._length += 1;
        this._changed.emit();
      } else {
        this._lookAgainSoon();
      }
    }
  }

  private _onDeleted(_: Runs, runId: string): void {
    const index = this._ids.indexOf(runId);
    if (index >= 0) {
      this._drop(index);
    } else {
      this._lookAgainSoon();
    }
  }

  private _drop(index: number): void {
    this._ids.splice(index, 1);
    this._length = Math.max(0, (this._length ?? 1) - 1);
    this._changed.emit();
  }

  private _onReset(): void {
    this._lookAgainSoon();
  }

  private _lookAgainSoon(): void {
    window.clearTimeout(this._timer);
    this._timer = window.setTimeout(() => {
      this._generation += 1;
      this._counted = false;
      this._loading.clear();
      const [from, to] = this._needed;
      const first = Math.floor(from / PAGE);
      // What is not in view is forgotten, what is in view stays there until it is replaced.
      this._ids.splice(Math.ceil(Math.max(to, 1) / PAGE) * PAGE);
      this._ids.splice(0, first * PAGE, ...new Array<undefined>(first * PAGE).fill(undefined));
      for (let page = first; page * PAGE < Math.max(to, 1); page += 1) {
        void this._loadPage(page);
      }
    }, GATHER_MS);
  }

  private readonly _ids: (string | undefined)[] = [];
  private _length: number | null = null;
  /** Whether `_length` is what the server counts, but for the changes since. */
  private _counted = false;
  private _problem: string | null = null;
  private _needed: [number, number] = [0, PAGE];
  private _generation = 0;
  private readonly _loading = new Set<number>();
  /** A page is taken in: that is one change, whatever its records are. */
  private _placing = false;
  private _timer = 0;
  private _isDisposed = false;
  private readonly _changed = new Signal<this, void>(this);
}

function asQuery(filter: IRunFilter): Query {
  return {
    text: filter.text || undefined,
    state: filter.states,
    experiment: filter.experiment,
    compute: filter.compute,
    tag: filter.tag,
    parent: filter.parent
  };
}

/** Whether the server would put the run into the list. */
export function matches(run: wire.Run, filter: IRunFilter): boolean {
  const { spec } = run;
  const text = `${spec.name ?? ''} ${spec.experiment}`.toLowerCase();
  if (run.parent_id !== (filter.parent ?? null)) {
    return false;
  }
  if (!text.includes((filter.text ?? '').toLowerCase())) {
    return false;
  }
  if (filter.states?.length && !filter.states.includes(run.state)) {
    return false;
  }
  if (filter.experiment !== undefined && spec.experiment !== filter.experiment) {
    return false;
  }
  if (filter.compute !== undefined && spec.compute !== filter.compute) {
    return false;
  }
  if (filter.tag === undefined) {
    return true;
  }
  const [key, ...rest] = filter.tag.split('=');
  return key in run.tags && (rest.length === 0 || run.tags[key] === rest.join('='));
}
