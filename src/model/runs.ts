import type { ISignal } from '@lumino/signaling';
import { Signal } from '@lumino/signaling';

import type { Requests } from '../api/requests';
import * as wire from '../api/wire';
import type { IRunFilter, IRunList, IRuns } from '../tokens';

import { RunList } from './runlist';

/** Most records that are kept; those of ended runs that were seen first go first. */
const KEPT = 5_000;

/** The records of one workspace's runs that the page has seen. */
export class Runs implements IRuns {
  constructor(
    private readonly _requests: Requests,
    private readonly _workspaceId: string
  ) {}

  get changed(): ISignal<this, wire.Run> {
    return this._changed;
  }

  get deleted(): ISignal<this, string> {
    return this._deleted;
  }

  /** What was known may be out of date in any way: lists load their rows again. */
  get reset(): ISignal<this, void> {
    return this._reset;
  }

  get(runId: string): wire.Run | undefined {
    return this._runs.get(runId);
  }

  async load(runId: string): Promise<wire.Run> {
    const known = this._runs.get(runId);
    if (known && !this._stale.has(runId)) {
      return known;
    }
    const run = await this._requests.json<wire.Run>(this._parts(runId), { background: true });
    this.apply(run);
    return this._runs.get(runId) ?? run;
  }

  list(filter: IRunFilter): IRunList {
    return new RunList(this, filter, query =>
      this._requests.json<wire.RunPage>(this._parts(), { query, background: true })
    );
  }

  /** Take a record in, unless a later one is known. */
  apply(run: wire.Run): void {
    const before = this._runs.get(run.id);
    const trusted = before && !this._stale.has(run.id);
    if (trusted && !isNews(before, run)) {
      return;
    }
    this._stale.delete(run.id);
    this._runs.set(run.id, run);
    if (this._runs.size > KEPT) {
      this._forget();
    }
    this._changed.emit(run);
  }

  applyDeleted(runId: string): void {
    this._runs.delete(runId);
    this._stale.delete(runId);
    this._deleted.emit(runId);
  }

  /** Changes were missed: ask again for what can have changed. */
  async applyReset(): Promise<void> {
    this._stale = new Set(this._runs.keys());
    this._reset.emit();
    const open = [...this._runs.values()].filter(run => !wire.FINAL_STATES.has(run.state));
    // One that is refused was deleted, or the next change or reset will tell.
    await Promise.allSettled(open.map(run => this.load(run.id)));
  }

  private _forget(): void {
    for (const [id, run] of this._runs) {
      if (this._runs.size <= KEPT * 0.9) {
        return;
      }
      if (wire.FINAL_STATES.has(run.state)) {
        this._runs.delete(id);
      }
    }
  }

  private _parts(...parts: string[]): string[] {
    return ['workspaces', this._workspaceId, 'runs', ...parts];
  }

  private readonly _runs = new Map<string, wire.Run>();
  private _stale = new Set<string>();
  private readonly _changed = new Signal<this, wire.Run>(this);
  private readonly _deleted = new Signal<this, string>(this);
  private readonly _reset = new Signal<this, void>(this);
}

/** A waiting run's reason can change while its record does not. */
function isNews(before: wire.Run, run: wire.Run): boolean {
  return (
    run.version > before.version ||
    (run.version === before.version &&
      (run.reason !== before.reason || run.state !== before.state))
  );
}
