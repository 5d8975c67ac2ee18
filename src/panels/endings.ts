import type { PartialJSONObject } from '@lumino/coreutils';

import type * as wire from '../api/wire';
import { FINAL_STATES } from '../api/wire';

/** What the user wants to be told. */
export type Announce = 'all' | 'failures' | 'none';

/** What is remembered between two pages; of one workspace. */
export interface ISeenEndings extends PartialJSONObject {
  /** Every ending up to this instant is old. */
  floor: string;
  /** Run id -> instant of the endings after it that were seen. */
  seen: { [runId: string]: string };
  /** Runs that had not ended when they were last heard of. */
  open: string[];
}

/**
 * Endings that come this late are still news: runs that end together are not told in order.
 */
const LATE_MS = 600_000;

/** Most runs whose ending is looked up when a page is opened again. */
const MOST_OPEN = 500;

/**
 * Which endings of runs are news to this user.
 *
 * Every ending is taken once, by whichever instant the server gives it: the clocks of page and
 * server are never compared.
 */
export class Endings {
  /** @param remembered What `toJSON` gave the last time; `null` for the first time ever. */
  constructor(remembered: ISeenEndings | null) {
    this._isFirst = remembered === null;
    this._floor = remembered?.floor ?? '';
    this._seen = new Map(Object.entries(remembered?.seen ?? {}));
    this._open = new Set(remembered?.open ?? []);
  }

  /** Runs that were going on when the last page was closed: how are they? */
  get open(): readonly string[] {
    return [...this._open];
  }

  /** The instant up to which nothing is news. */
  get floor(): string {
    return this._floor;
  }

  /**
   * Take in the runs that there are when the page is opened.
   *
   * @returns Those that ended since the last time, oldest first; none the first time ever.
   */
  start(runs: readonly wire.Run[]): wire.Run[] {
    const news = runs.filter(run => this.take(run)).sort(byEnd);
    if (this._isFirst) {
      this._isFirst = false;
      this._floor = latest([...this._seen.values()]);
      this._seen.clear();
      return [];
    }
    return news;
  }

  /**
   * Take in a record. Those of child runs tell nothing.
   *
   * @returns Whether it tells of an ending that was not known.
   */
  take(run: wire.Run): boolean {
    if (run.parent_id !== null) {
      return false;
    }
    if (!FINAL_STATES.has(run.state) || run.ended_at === null) {
      this._open.add(run.id);
      return false;
    }
    this._open.delete(run.id);
    if (Date.parse(run.ended_at) <= Date.parse(this._floor) || this._seen.has(run.id)) {
      return false;
    }
    this._seen.set(run.id, run.ended_at);
    this._raise(run.ended_at);
    return true;
  }

  /** A run was deleted, or cannot be found. */
  forget(runId: string): void {
    this._open.delete(runId);
    this._seen.delete(runId);
  }

  toJSON(): ISeenEndings {
    return {
      floor: this._floor,
      seen: Object.fromEntries(this._seen),
      open: [...this._open].slice(-MOST_OPEN)
    };
  }

  private _raise(endedAt: string): void {
    const floorMs = Date.parse(endedAt) - LATE_MS;
    if (this._isFirst || floorMs <= Date.parse(this._floor)) {
      return;
    }
    this._floor = new Date(floorMs).toISOString();
    for (const [id, at] of this._seen) {
      if (Date.parse(at) <= floorMs) {
        this._seen.delete(id);
      }
    }
  }

  private _isFirst: boolean;
  private _floor: string;
  private readonly _seen: Map<string, string>;
  private readonly _open: Set<string>;
}

/** Whether an ending is worth a notification: not one that the user has asked for. */
export function isTold(run: wire.Run, announce: Announce): boolean {
  if (announce === 'none') {
    return false;
  }
  const wasAskedFor = run.state === 'Canceled' && run.exit?.cause !== 'timeout';
  return !wasAskedFor && (announce === 'all' || run.state !== 'Completed');
}

function byEnd(one: wire.Run, other: wire.Run): number {
  return Date.parse(one.ended_at ?? '') - Date.parse(other.ended_at ?? '');
}

function latest(instants: readonly string[]): string {
  return instants.reduce(
    (found, each) => (Date.parse(each) <= Date.parse(found) ? found : each),
    ''
  );
}
