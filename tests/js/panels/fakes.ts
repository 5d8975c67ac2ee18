// Models without a server: a test sets what they say, and reads what was asked of them.

import { DisposableDelegate } from '@lumino/disposable';
import type { IDisposable } from '@lumino/disposable';
import { Signal } from '@lumino/signaling';

import { ApiError } from '../../../src/api/error';
import type * as wire from '../../../src/api/wire';
import type {
  ConnectionState,
  IComputes,
  IConnection,
  IQueue,
  IRunFilter,
  IRunList,
  IRuns,
  ITraining,
  IVerbs,
  IWorkspace
} from '../../../src/tokens';

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
  readonly changed = new Signal<this, wire.Run>(this);
  readonly deleted = new Signal<this, string>(this);
  readonly lists: FakeList[] = [];
  /** What a new list starts with; `null` for no answer yet. */
  rows: wire.Run[] | null = [];
  private readonly _known = new Map<string, wire.Run>();

  know(...runs: wire.Run[]): void {
    for (const run of runs) {
      this._known.set(run.id, run);
    }
  }

  change(run: wire.Run): void {
    this.know(run);
    this.changed.emit(run);
  }

  get(runId: string): wire.Run | undefined {
    return this._known.get(runId);
  }

  load(runId: string): Promise<wire.Run> {
    const run = this._known.get(runId);
    return run
      ? Promise.resolve(run)
      : Promise.reject(new ApiError('no_such_run', `No run '${runId}'.`, 404));
  }

  list(filter: IRunFilter): FakeList {
    const list = new FakeList(filter, this.rows);
    this.lists.push(list);
    return list;
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
  targets: readonly wire.ComputeStatus[] | null = [];
  readonly changed = new Signal<this, void>(this);

  hold(): IDisposable {
    return new DisposableDelegate(() => undefined);
  }
}

/** Every verb refuses until a test says otherwise; what was asked is in `asked`. */
export function fakeVerbs(
  answers: Partial<IVerbs> = {}
): IVerbs & { asked: [string, ...unknown[]][] } {
  const asked: [string, ...unknown[]][] = [];
  return new Proxy({ asked } as unknown as IVerbs & { asked: typeof asked }, {
    get: (target, name: string) => {
      if (name === 'asked' || name === 'then') {
        return Reflect.get(target, name) as unknown;
      }
      return (...args: unknown[]) => {
        asked.push([name, ...args]);
        const answer = (
          answers as Record<string, ((...args: unknown[]) => unknown) | undefined>
        )[name];
        return answer
          ? answer(...args)
          : Promise.reject(new ApiError('refused', 'The test says no.', 409));
      };
    }
  });
}

export class FakeWorkspace {
  constructor(
    readonly id = 'w1',
    answers: Partial<IVerbs> = {}
  ) {
    this.verbs = fakeVerbs(answers);
  }

  readonly connection = new FakeConnection();
  readonly runs = new FakeRuns();
  readonly queue = new FakeQueue();
  readonly computes = new FakeComputes();
  readonly verbs: IVerbs & { asked: [string, ...unknown[]][] };
  held = 0;

  connect(): IDisposable {
    this.held += 1;
    return new DisposableDelegate(() => {
      this.held -= 1;
    });
  }

  get asWorkspace(): IWorkspace {
    return this as unknown as IWorkspace;
  }
}

export class FakeTraining {
  constructor(...workspaces: FakeWorkspace[]) {
    this._workspaces = workspaces;
    this.current = (workspaces[0] as FakeWorkspace | undefined)?.asWorkspace ?? null;
  }

  workspaces: wire.WorkspaceInfo[] = [];
  current: IWorkspace | null;
  problem: string | null = null;
  readonly changed = new Signal<this, void>(this);
  refreshed = 0;
  private readonly _workspaces: FakeWorkspace[];

  workspace(id: string): IWorkspace {
    const found = this._workspaces.find(each => each.id === id);
    if (!found) {
      throw new Error(`no workspace ${id}`);
    }
    return found.asWorkspace;
  }

  choose(id: string): void {
    this.current = this.workspace(id);
    this.changed.emit();
  }

  refresh(): Promise<void> {
    this.refreshed += 1;
    return Promise.resolve();
  }

  get asTraining(): ITraining {
    return this as unknown as ITraining;
  }
}

export function anEntry(given: Partial<wire.QueueEntry> = {}): wire.QueueEntry {
  return {
    run_id: 'q1',
    label: 'digits #1',
    position: 1,
    reason: 'waiting for 1 GPU',
    resources: { cpus: null, gpus: 0, memory_bytes: null },
    ...given
  };
}
