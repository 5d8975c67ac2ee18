// A workspace without a server: what is asked of it is recorded, what it says is set.

import type { TranslationBundle } from '@jupyterlab/translation';
import { nullTranslator } from '@jupyterlab/translation';
import { DisposableDelegate, type IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';

import { ApiError } from '../../src/api/error';
import type * as wire from '../../src/api/wire';
import type {
  ConnectionState,
  IComputes,
  IConnection,
  IListing,
  IMetrics,
  IQueue,
  IRunFilter,
  IRunList,
  IRuns,
  ISeries,
  ITraining,
  IVerbs,
  IWorkspace
} from '../../src/tokens';

export const trans: TranslationBundle = nullTranslator.load('jupyter_mltrain');

export class FakeConnection implements IConnection {
  state: ConnectionState = 'up';
  message = '';
  retries = 0;
  readonly changed = new Signal<this, void>(this);

  retry(): void {
    this.retries += 1;
  }

  become(state: ConnectionState, message = ''): void {
    this.state = state;
    this.message = message;
    this.changed.emit();
  }
}

export class FakeList implements IRunList {
  constructor(
    readonly filter: IRunFilter,
    private _rows: (wire.Run | undefined)[] | null
  ) {}

  problem: string | null = null;
  isDisposed = false;
  readonly needed: [number, number][] = [];
  readonly changed = new Signal<this, void>(this);

  get length(): number | null {
    return this._rows?.length ?? null;
  }

  at(index: number): wire.Run | undefined {
    return this._rows?.[index];
  }

  need(from: number, to: number): void {
    this.needed.push([from, to]);
  }

  dispose(): void {
    this.isDisposed = true;
  }

  become(rows: (wire.Run | undefined)[]): void {
    this._rows = rows;
    this.changed.emit();
  }
}

export class FakeRuns implements IRuns {
  readonly known = new Map<string, wire.Run>();
  readonly lists: FakeList[] = [];
  readonly changed = new Signal<this, wire.Run>(this);
  readonly deleted = new Signal<this, string>(this);
  /** What a new list starts with; `null` for no answer yet. */
  rows: wire.Run[] | null = [];
  failure: ApiError | null = null;

  get(runId: string): wire.Run | undefined {
    return this.known.get(runId);
  }

  load(runId: string): Promise<wire.Run> {
    const run = this.known.get(runId);
    const missing = new ApiError('no_such_run', `No run '${runId}' in this workspace.`, 404);
    return run && !this.failure
      ? Promise.resolve(run)
      : Promise.reject(this.failure ?? missing);
  }

  list(filter: IRunFilter): FakeList {
    const list = new FakeList(filter, this.rows);
    this.lists.push(list);
    return list;
  }

  know(...runs: wire.Run[]): void {
    for (const run of runs) {
      this.known.set(run.id, run);
    }
  }

  put(run: wire.Run): void {
    this.know(run);
    this.changed.emit(run);
  }
}

export class FakeQueue implements IQueue {
  entries: readonly wire.QueueEntry[] = [];
  running = 0;
  queued = 0;
  paused: string | null = null;
  readonly changed = new Signal<this, void>(this);

  hold(): IDisposable {
    return new DisposableDelegate(() => undefined);
  }

  become(given: Partial<Pick<IQueue, 'entries' | 'running' | 'queued' | 'paused'>>): void {
    Object.assign(this, given);
    this.changed.emit();
  }
}

export class FakeComputes implements IComputes {
  targets: readonly wire.ComputeStatus[] | null = null;
  readonly changed = new Signal<this, void>(this);
  held = 0;

  hold(): DisposableDelegate {
    this.held += 1;
    return new DisposableDelegate(() => (this.held -= 1));
  }
}

export class FakeListing<T> implements IListing<T> {
  list: readonly T[] | null = null;
  readonly changed = new Signal<this, void>(this);
  readonly touched = new Signal<this, void>(this);
  held = 0;

  hold(): DisposableDelegate {
    this.held += 1;
    return new DisposableDelegate(() => (this.held -= 1));
  }

  become(...list: T[]): void {
    this.list = list;
    this.changed.emit();
  }
}

export class FakeMetrics implements IMetrics {
  readonly runId = 'r1';
  series: ISeries[] = [];
  texts = new Map<string, string>();
  images: { name: string; file: string }[] = [];
  ready = false;
  problem: string | null = null;
  isDisposed = false;
  readonly changed = new Signal<this, void>(this);

  dispose(): void {
    this.isDisposed = true;
  }
}

export interface IFakeWorkspace extends IWorkspace {
  connection: FakeConnection;
  runs: FakeRuns;
  computes: FakeComputes;
  environments: FakeListing<wire.EnvironmentSummary>;
  models: FakeListing<wire.Model>;
  /** What `metrics` gives. */
  logged: FakeMetrics;
  /** Who holds it. */
  held: number;
}

/** A workspace whose verbs are those given; another one that is called fails the test. */
export function aWorkspace(verbs: Partial<IVerbs> = {}, id = 'w1'): IFakeWorkspace {
  const refuse =
    (name: string): unknown =>
    () =>
      Promise.reject(new Error(`${name} is not expected`));
  const workspace = {
    id,
    held: 0,
    connection: new FakeConnection(),
    runs: new FakeRuns(),
    computes: new FakeComputes(),
    environments: new FakeListing(),
    models: new FakeListing(),
    logged: new FakeMetrics(),
    metrics: () => workspace.logged,
    verbs: new Proxy(verbs, {
      get: (given, name: keyof IVerbs) => given[name] ?? refuse(name)
    }) as IVerbs,
    connect: () => {
      workspace.held += 1;
      return new DisposableDelegate(() => (workspace.held -= 1));
    }
  };
  return workspace as unknown as IFakeWorkspace;
}

export class FakeTraining implements ITraining {
  constructor(readonly spaces: IFakeWorkspace[]) {
    this.workspaces = spaces.map(({ id }, index) => ({
      id,
      name: id,
      directory: `/work/${id}`,
      default: index === 0,
      there: true
    }));
    this.current = spaces[0] ?? null;
  }

  workspaces: wire.WorkspaceInfo[];
  current: IWorkspace | null;
  problem: string | null = null;
  ready = Promise.resolve();
  readonly changed = new Signal<this, void>(this);

  choose(): void {
    throw new Error('the sidebar alone chooses');
  }

  workspace(workspaceId: string): IWorkspace {
    const found = this.spaces.find(({ id }) => id === workspaceId);
    if (!found) {
      throw new Error(`no workspace ${workspaceId}`);
    }
    return found;
  }

  refresh(): Promise<void> {
    return Promise.resolve();
  }
}

/** Let promises that are settled go on. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) {
    await Promise.resolve();
  }
}
