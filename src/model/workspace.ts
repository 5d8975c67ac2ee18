import type { IDisposable } from '@lumino/disposable';

import type { Requests } from '../api/requests';
import { fileParts } from '../api/requests';
import { Verbs } from '../api/verbs';
import * as wire from '../api/wire';
import type { IBuild, ILog, IMetrics, IVerbs, IWorkspace } from '../tokens';

import { Build } from './build';
import type { EventFrame } from './connection';
import { Connection } from './connection';
import { Follower } from './follower';
import { LogHandle, MetricsHandle } from './handles';
import { Listing } from './listing';
import type { ILogHome } from './log';
import { Log } from './log';
import { Metrics } from './metrics';
import { Computes, Queue } from './queue';
import { Runs } from './runs';
import { Shared } from './shared';

/** One workspace, as the page knows it. */
export class Workspace implements IWorkspace {
  constructor(
    private readonly _requests: Requests,
    readonly id: string
  ) {
    this.connection = new Connection(_requests, id, frame => this._apply(frame));
    this.runs = new Runs(_requests, id);
    this.queue = new Queue(_requests, id);
    this.computes = new Computes(_requests, id);
    this.environments = new Listing(() => this._list('environments'));
    this.models = new Listing(() => this._list('models', { latest: 1, brief: 1 }));
    this.verbs = new Verbs(_requests, id);
    this.runs.changed.connect(this._onRun, this);
  }

  readonly connection: Connection;
  readonly runs: Runs;
  readonly queue: Queue;
  readonly computes: Computes;
  readonly environments: Listing<wire.EnvironmentSummary>;
  readonly models: Listing<wire.Model>;
  readonly verbs: IVerbs;

  connect(): IDisposable {
    return this.connection.hold();
  }

  log(runId: string, name: string): ILog {
    const { value, release } = this._logs.take(JSON.stringify([runId, name]));
    return new LogHandle(value, release);
  }

  build(buildId: string): IBuild {
    const parts = ['workspaces', this.id, 'builds', buildId];
    return new Build(this._requests, parts, buildId, this.environments.touched);
  }

  metrics(runId: string): IMetrics {
    const { value, release } = this._metrics.take(runId);
    return new MetricsHandle(value, release);
  }

  private _list<T>(what: string, query: Record<string, number> = {}): Promise<T[]> {
    const parts = ['workspaces', this.id, what];
    return this._requests.json<T[]>(parts, { query, background: true });
  }

  private _apply(frame: EventFrame): void {
    switch (frame.frame) {
      case 'change':
        this.runs.apply(frame.run);
        break;
      case 'deleted':
        this.runs.applyDeleted(frame.run_id);
        break;
      case 'queue':
        this.queue.apply(frame);
        this.computes.touch();
        break;
      case 'environments':
        this.environments.touch();
        this.computes.touch();
        this.models.touch();
        break;
      case 'reset':
        void this.runs.applyReset();
        this.queue.touch();
        this.computes.touch();
        this.environments.touch();
        this.models.touch();
        break;
      default:
        break; // about the connection, which has taken it in already
    }
  }

  /** A reason or an order in the queue can change with any run. */
  private _onRun(_: Runs, run: wire.Run): void {
    if (!wire.FINAL_STATES.has(run.state)) {
      this.queue.touch();
    }
    this.computes.touch();
  }

  private _follower(runId: string): Follower {
    let follower = this._followers.get(runId);
    if (!follower) {
      follower = new Follower(this._requests, this._parts(runId), run => this.runs.apply(run));
      this._followers.set(runId, follower);
    }
    return follower;
  }

  private _home(runId: string, name: string): ILogHome {
    const parts = this._parts(runId);
    return {
      file: [...parts, 'files', ...fileParts(name)],
      isOver: async () => wire.FINAL_STATES.has((await this.runs.load(runId)).state),
      follow: sink => this._follower(runId).addLog(sink),
      find: ({ text, from, backwards }) => {
        const what = text === null ? { what: 'error' } : { text };
        return this._requests.json([...parts, 'search'], {
          query: { log: name, ...what, from, backwards: backwards ? 1 : 0 }
        });
      }
    };
  }

  private _parts(runId: string): string[] {
    return ['workspaces', this.id, 'runs', runId];
  }

  private readonly _followers = new Map<string, Follower>();
  private readonly _logs = new Shared<Log>(key => {
    const [runId, name] = JSON.parse(key) as [string, string];
    return new Log(this._requests, this._home(runId, name), name);
  });
  private readonly _metrics = new Shared<Metrics>(
    runId => new Metrics(runId, this._follower(runId))
  );
}
