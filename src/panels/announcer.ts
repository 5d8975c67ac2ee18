import type { TranslationBundle } from '@jupyterlab/translation';
import type { IStateDB } from '@jupyterlab/statedb';
import type { IDisposable } from '@lumino/disposable';
import { Debouncer } from '@lumino/polling';

import { ApiError } from '../api/error';
import type * as wire from '../api/wire';
import { FINAL_STATES } from '../api/wire';
import { words } from '../parts';
import type { IConnection, IRunList, IRuns, IWorkspace } from '../tokens';

import type { Announce, ISeenEndings } from './endings';
import { Endings, isTold } from './endings';

/** One notification, to be shown. */
export interface IAnnouncement {
  type: 'success' | 'error' | 'warning';
  message: string;
  /** The run it is about; `null` when it is about several. */
  runId: string | null;
}

export interface IAnnouncerOptions {
  trans: TranslationBundle;
  /** Where what was announced is remembered; without it, only this page's endings are. */
  state: IStateDB | null;
  announce: () => Announce;
  /** Whether the user sees the run's end already. */
  isInFront: (runId: string) => boolean;
  show: (announcement: IAnnouncement) => void;
}

/** Endings that come this soon after another are told together, in ms. */
const GATHER_MS = 800;

/** The newest runs that are looked at when a page is opened. */
const NEWEST = 100;

/** Tells of the runs of one workspace that have ended, each once, also of those long ago. */
export class Announcer implements IDisposable {
  constructor(
    private readonly _workspace: IWorkspace,
    private readonly _options: IAnnouncerOptions
  ) {
    this._key = `jupyter-mltrain:endings:${_workspace.id}`;
    this._hold = _workspace.connect();
    this._tell = new Debouncer(() => this._tellNow(), GATHER_MS);
    this._save = new Debouncer(() => this._saveNow(), GATHER_MS);
    _workspace.runs.changed.connect(this._onChanged, this);
    _workspace.runs.deleted.connect(this._onDeleted, this);
    _workspace.connection.changed.connect(this._onConnection, this);
    void this._start();
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  dispose(): void {
    if (this._isDisposed) {
      return;
    }
    this._isDisposed = true;
    const { runs, connection } = this._workspace;
    runs.changed.disconnect(this._onChanged, this);
    runs.deleted.disconnect(this._onDeleted, this);
    connection.changed.disconnect(this._onConnection, this);
    this._tell.dispose();
    this._save.dispose();
    this._list?.dispose();
    this._hold.dispose();
  }

  private async _start(): Promise<void> {
    const endings = new Endings(await this._remembered());
    if (this._isDisposed) {
      return;
    }
    this._list = this._workspace.runs.list({ states: [...FINAL_STATES] });
    this._list.changed.connect(this._onList, this);
    // Those that went on when the last page was closed may be far down the list by now.
    const looked = await Promise.allSettled(
      endings.open.map(async id => {
        try {
          return await this._workspace.runs.load(id);
        } catch (error) {
          if (error instanceof ApiError && error.status === 404) {
            endings.forget(id);
          }
          throw error;
        }
      })
    );
    this._known = looked.flatMap(each => (each.status === 'fulfilled' ? [each.value] : []));
    this._starting = endings;
    this._list.need(0, NEWEST);
    this._onList();
  }

  private async _remembered(): Promise<ISeenEndings | null> {
    try {
      const found = await this._options.state?.fetch(this._key);
      return (found ?? null) as ISeenEndings | null;
    } catch {
      // What cannot be read is as good as never written: then nothing old is told.
      return null;
    }
  }

  /** The first answer: what has ended since the last page. Later ones come by `_onChanged`. */
  private _onList(): void {
    const list = this._list;
    const endings = this._starting;
    const newest = list && rowsOf(list);
    if (!endings || !newest) {
      return;
    }
    // From here on the records tell. The list stays: when changes were missed, it looks again.
    list.changed.disconnect(this._onList, this);
    this._starting = null;
    this._endings = endings;
    this._take(endings.start(distinct([...this._known, ...newest, ...this._early])));
    this._known = [];
    this._early = [];
  }

  private _onChanged(_: IRuns, run: wire.Run): void {
    if (!this._endings) {
      this._early.push(run);
    } else {
      const isNews = this._endings.take(run);
      this._take(isNews ? [run] : []);
    }
  }

  private _onDeleted(_: IRuns, runId: string): void {
    this._endings?.forget(runId);
  }

  /** A list that could not be loaded before can be now. */
  private _onConnection(connection: IConnection): void {
    if (connection.state === 'up' && this._starting) {
      this._list?.need(0, NEWEST);
    }
  }

  private _take(news: readonly wire.Run[]): void {
    void this._save.invoke();
    this._news.push(
      ...news.filter(
        run => isTold(run, this._options.announce()) && !this._options.isInFront(run.id)
      )
    );
    if (this._news.length) {
      void this._tell.invoke();
    }
  }

  private _tellNow(): void {
    const news = this._news;
    this._news = [];
    if (news.length) {
      this._options.show(announcement(this._options.trans, news));
    }
  }

  private async _saveNow(): Promise<void> {
    if (this._endings) {
      await this._options.state?.save(this._key, this._endings.toJSON());
    }
  }

  private readonly _key: string;
  private readonly _hold: IDisposable;
  private readonly _tell: Debouncer;
  private readonly _save: Debouncer;
  private _list: IRunList | null = null;
  private _starting: Endings | null = null;
  private _endings: Endings | null = null;
  private _known: wire.Run[] = [];
  private _early: wire.Run[] = [];
  private _news: wire.Run[] = [];
  private _isDisposed = false;
}

/** Several endings in one notification. */
export function announcement(
  trans: TranslationBundle,
  ended: readonly wire.Run[]
): IAnnouncement {
  const failed = ended.filter(run => run.state !== 'Completed');
  if (ended.length === 1) {
    const [run] = ended;
    const label = words.runLabel(run);
    const took = words.duration(words.elapsedMs(run, 0));
    if (!failed.length) {
      return {
        type: 'success',
        message: trans.__('%1 completed after %2.', label, took),
        runId: run.id
      };
    }
    const reason = words.shownStart(run.reason);
    return {
      type: run.state === 'Failed' ? 'error' : 'warning',
      message:
        run.state === 'Failed'
          ? trans.__('%1 failed: %2', label, reason)
          : trans.__('%1 was %2', label, reason),
      runId: run.id
    };
  }
  const completed = ended.length - failed.length;
  const parts = [
    ...(completed ? [trans.__('%1 completed', completed)] : []),
    ...(failed.length ? [trans.__('%1 failed or canceled', failed.length)] : [])
  ];
  const named = failed.slice(0, 3).map(words.runLabel).join(', ');
  const message = trans._n(
    '%1 run has ended: %2.',
    '%1 runs have ended: %2.',
    ended.length,
    parts.join(', ')
  );
  return {
    type: failed.length ? 'error' : 'success',
    message: named ? `${message} ${named}${failed.length > 3 ? ' …' : ''}` : message,
    runId: null
  };
}

/** The newest runs; `null` until all of them are there. */
function rowsOf(list: IRunList): wire.Run[] | null {
  if (list.length === null) {
    return null;
  }
  const length = Math.min(list.length, NEWEST);
  const rows = Array.from({ length }, (_, index) => list.at(index));
  return rows.every(run => run !== undefined) ? rows : null;
}

function distinct(runs: readonly wire.Run[]): wire.Run[] {
  return [...new Map(runs.map(run => [run.id, run])).values()];
}
