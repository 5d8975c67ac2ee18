// What the plugins share: the page's picture of the user's workspaces and their runs.

import { Token } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';
import type { ISignal } from '@lumino/signaling';

import type * as wire from './api/wire';

/** The workspaces of this user, as the page knows them. */
export interface ITraining {
  /** Every workspace, the default one first; empty until `ready`. */
  readonly workspaces: readonly wire.WorkspaceInfo[];
  /** The workspace that the sidebar shows; `null` until `ready`, or when there is a `problem`. */
  readonly current: IWorkspace | null;
  /** Why the server's part cannot be reached, in a sentence, or `null`. */
  readonly problem: string | null;
  /** Emitted when any of the above has changed. */
  readonly changed: ISignal<ITraining, void>;
  /** Resolves when the first answer, or refusal, has come. Never rejects. */
  readonly ready: Promise<void>;
  /** Show another workspace. Remembered for the next time. */
  choose(workspaceId: string): void;
  /** The workspace with this id, made when first asked for and shared by all who ask. */
  workspace(workspaceId: string): IWorkspace;
  /** Ask the server for its workspaces again. */
  refresh(): Promise<void>;
}

export const ITraining = new Token<ITraining>(
  'jupyter-mltrain:ITraining',
  'The workspaces of this user, with their runs, environments, models, queue and compute targets.'
);

/** One workspace. Whoever shows it holds it by `connect`; nothing is asked for before. */
export interface IWorkspace {
  readonly id: string;
  readonly connection: IConnection;
  readonly runs: IRuns;
  readonly queue: IQueue;
  readonly computes: IComputes;
  /** By name, those that ship with the product last; `touched` also by builds. */
  readonly environments: IListing<wire.EnvironmentSummary>;
  /** The latest version of each, the one made last first. */
  readonly models: IListing<wire.Model>;
  readonly verbs: IVerbs;
  /** Keep the events connection open until the result is disposed of. */
  connect(): IDisposable;
  /** A file of a run as a stream; shared, open until every holder has disposed of it. */
  log(runId: string, name: string): ILog;
  /** A build as it goes; the caller disposes of it. */
  build(buildId: string): IBuild;
  /** What a run logs; shared, open until every holder has disposed of it. */
  metrics(runId: string): IMetrics;
}

export type ConnectionState =
  /** Nothing heard yet. */
  | 'connecting'
  | 'up'
  /** The server does not answer; tried again by itself. */
  | 'cut'
  /** The server answers, its service is being started again. */
  | 'restarting'
  /** The service cannot start; `message` says why. */
  | 'failed'
  /** The login has expired, or the user may not; `message` says what to do. */
  | 'refused'
  /** There is no such workspace for this user (any more). */
  | 'gone';

export interface IConnection {
  readonly state: ConnectionState;
  /** A sentence about what is wrong; empty when `up`. */
  readonly message: string;
  readonly changed: ISignal<IConnection, void>;
  /** Try again now. */
  retry(): void;
}

/** The records of runs that the page has seen, kept up to date. */
export interface IRuns {
  /** The record as far as the page knows it. */
  get(runId: string): wire.Run | undefined;
  /**
   * The record, from the server if the page has none; kept up to date while held.
   *
   * Rejects with an `ApiError`; its code is `no_such_run` for one that was deleted.
   */
  load(runId: string): Promise<wire.Run>;
  /** A record is new to the page, or has changed. */
  readonly changed: ISignal<IRuns, wire.Run>;
  /** A run was deleted. */
  readonly deleted: ISignal<IRuns, string>;
  /** A live, windowed list, newest first. The caller disposes of it. */
  list(filter: IRunFilter): IRunList;
}

export interface IRunFilter {
  /** Part of a name or an experiment, in any case. */
  text?: string;
  states?: readonly wire.RunState[];
  experiment?: string;
  compute?: string;
  /** `key` or `key=value`. */
  tag?: string;
  /** The run whose children are listed; a list without it has no children. */
  parent?: string;
}

/** Rows by index. Only those that were asked for are loaded. */
export interface IRunList extends IDisposable {
  readonly filter: IRunFilter;
  /** How many runs there are; `null` until the first answer. */
  readonly length: number | null;
  /** The run of a row; `undefined` while it is not loaded. */
  at(index: number): wire.Run | undefined;
  /** Load rows `from` up to, not including, `to`. Cheap when they are there. */
  need(from: number, to: number): void;
  /** Why the list cannot be loaded, in a sentence, or `null`. */
  readonly problem: string | null;
  /** Rows, length or problem have changed. */
  readonly changed: ISignal<IRunList, void>;
}

/** The runs that wait, in the order in which they will start. Loaded while somebody holds it. */
export interface IQueue {
  readonly entries: readonly wire.QueueEntry[];
  readonly running: number;
  readonly queued: number;
  /** Why nothing new starts, or `null`. */
  readonly paused: string | null;
  readonly changed: ISignal<IQueue, void>;
  /** Keep `entries` up to date until the result is disposed of; the numbers always are. */
  hold(): IDisposable;
}

/** The compute targets with who holds what. Loaded while somebody holds it. */
export interface IComputes {
  /** `null` until the first answer. */
  readonly targets: readonly wire.ComputeStatus[] | null;
  readonly changed: ISignal<IComputes, void>;
  hold(): IDisposable;
}

/** What there is of one kind, at a glance. Loaded while somebody holds it. */
export interface IListing<T> {
  /** `null` until the first answer. */
  readonly list: readonly T[] | null;
  readonly changed: ISignal<IListing<T>, void>;
  /** Something of one may be another; not more often than one can look. */
  readonly touched: ISignal<IListing<T>, void>;
  hold(): IDisposable;
}

/** Which versions of models are meant. */
export interface IModelQuery {
  name?: string;
  /** Only what was registered from this run. */
  run?: string;
  /** Only the latest of each name. */
  latest?: true;
}

/** One making of an environment, followed to its end. */
export interface IBuild extends IDisposable {
  readonly id: string;
  /** As last heard; `null` until the first answer. */
  readonly record: wire.Build | null;
  readonly log: ILog;
  /** Why it cannot be shown, in a sentence, or `null`. */
  readonly problem: string | null;
  readonly changed: ISignal<IBuild, void>;
}

/** A piece of a log. */
export interface IPiece {
  /** Bytes from the start of the log. */
  offset: number;
  data: Uint8Array;
}

/**
 * A file of a run, or what a build says: it may still grow, and is addressed by byte offset.
 *
 * The model keeps a bounded tail; everything before is read from the server when asked for.
 */
export interface ILog extends IDisposable {
  readonly name: string;
  /** Bytes known to be there; `null` until the first answer. */
  readonly size: number | null;
  /** The end of the log, as far as it is kept (at most 256 kB); empty at first. */
  readonly tail: IPiece;
  /** Whether more can come. */
  readonly growing: boolean;
  /** Why it cannot be read, in a sentence, or `null`. */
  readonly problem: string | null;
  /**
   * The next piece. It starts where the last one ended, or later: then the log grew faster than
   * the page could take it, and what is between has to be read.
   */
  readonly appended: ISignal<ILog, IPiece>;
  /** `size`, `growing` or `problem` have changed. */
  readonly changed: ISignal<ILog, void>;
  /** The bytes of `[from, to)`, fewer at the end of the log. Rejects with an `ApiError`. */
  read(from: number, to: number): Promise<IPiece>;
  /** The next match of a text, or of what looks like an error, from an offset. */
  find(query: ILogQuery): Promise<wire.LogMatch>;
}

export interface ILogQuery {
  /** Plain text, in any case; `null` looks for the first error. */
  text: string | null;
  from: number;
  backwards?: boolean;
}

/** One line of a chart. */
export interface ISeries {
  /** Name of the metric, with the column of a row in brackets: `loss`, `scores[f1]`. */
  readonly name: string;
  /** Steps where they were logged, else 0, 1, 2 …; ascending, as long as `values`. */
  readonly steps: readonly number[];
  /** `null` where the value is no finite number. Bounded: long series are thinned. */
  readonly values: readonly (number | null)[];
  /** How many values were logged in all. */
  readonly count: number;
}

export interface IMetrics extends IDisposable {
  readonly runId: string;
  /** In the order of first logging. */
  readonly series: readonly ISeries[];
  /** Values that are no numbers: name -> the latest. */
  readonly texts: ReadonlyMap<string, string>;
  /** Names of files that were logged as images, with the metric's name. */
  readonly images: readonly { name: string; file: string }[];
  /** Whether what was logged so far has come. */
  readonly ready: boolean;
  readonly problem: string | null;
  /** At most once a frame. */
  readonly changed: ISignal<IMetrics, void>;
}

/** What can be asked of a workspace. Everything rejects with an `ApiError`. */
export interface IVerbs {
  cancel(runId: string): Promise<wire.Run>;
  again(runId: string, changes?: wire.AgainRequest): Promise<wire.Run>;
  remove(runId: string): Promise<wire.Run>;
  prioritize(runId: string, request: wire.PriorityRequest): Promise<wire.Run>;
  tag(runId: string, request: wire.TagRequest): Promise<wire.Run>;
  submit(form: wire.SubmitForm): Promise<wire.Run>;
  preview(form: wire.SubmitForm): Promise<wire.Preview>;
  /** What a script or notebook of the file browser asks for. */
  arguments(path: string): Promise<wire.ScriptArguments>;
  status(): Promise<wire.ServiceStatus>;
  experiments(): Promise<{ [name: string]: number }>;
  history(runId: string): Promise<wire.StateChange[]>;
  files(
    runId: string,
    query?: { prefix?: string; limit?: number; after?: string }
  ): Promise<wire.FilePage>;
  folder(
    runId: string,
    query?: { path?: string; limit?: number; after?: string }
  ): Promise<wire.FolderPage>;
  snapshot(
    runId: string,
    query?: { limit?: number; after?: string }
  ): Promise<wire.SnapshotPage>;
  /** The first bytes of a file of the run; `size` is that of the whole file. */
  readFile(
    runId: string,
    name: string,
    limitBytes: number
  ): Promise<{ data: Uint8Array; size: number }>;
  /** The first bytes of a file that was shipped with the run. */
  readSnapshotFile(
    runId: string,
    name: string,
    limitBytes: number
  ): Promise<{ data: Uint8Array; size: number }>;
  /** Where a browser downloads a file of the run. */
  fileUrl(runId: string, name: string): string;
  /** Where a browser downloads many files of the run as a zip; a prefix is `outputs/`. */
  zipUrl(runId: string, prefix?: string): string;
  /** The interpreters of the server's machine that runs can use. */
  pythons(): Promise<wire.PythonInfo[]>;

  /** An environment with its versions, the latest first. */
  environment(name: string, version?: string): Promise<wire.EnvironmentDetails>;
  /** Make what a form describes a version of its name; the same again is the version there is. */
  describe(form: wire.EnvironmentForm): Promise<wire.EnvironmentVersion>;
  /** Delete an environment with all its versions, or one of them. */
  removeEnvironment(name: string, version?: string): Promise<wire.EnvironmentDetails>;
  /** Make an environment ready; it goes on after the answer. */
  startBuild(request: wire.BuildRequest): Promise<wire.Build>;
  /** Builds, the latest first. */
  builds(environment: string): Promise<wire.Build[]>;
  cancelBuild(buildId: string): Promise<wire.Build>;
  removeBuild(buildId: string): Promise<wire.Build>;
  /** Why a build was not there already. */
  difference(buildId: string): Promise<wire.Difference>;
  /** Delete builds that nothing needs, or say what that would be. */
  reclaim(request: wire.ReclaimRequest): Promise<wire.ReclaimReport>;
  /** Where a browser downloads what a build said. */
  buildLogUrl(buildId: string): string;
  /** Give a registry's password to whoever keeps it. Nothing on the page remembers it. */
  keepPassword(request: wire.CredentialsRequest): Promise<void>;
  attach(request: wire.AttachRequest): Promise<wire.ComputeStatus>;
  detach(compute: string): Promise<void>;

  /** The compute targets as they are now. */
  computes(): Promise<wire.ComputeStatus[]>;
  /** What the nodes of a cluster can be, and what they come to on the server's machine. */
  vmSizes(): Promise<wire.VmSize[]>;
  /** Create a cluster on the server's machine. */
  createCluster(request: wire.ClusterRequest): Promise<wire.ComputeStatus>;
  /** Give a cluster other limits. */
  changeCluster(name: string, change: wire.ClusterChange): Promise<wire.ComputeStatus>;
  removeCluster(name: string): Promise<void>;

  /**
   * Versions of a model, or what was registered from a run; or the latest of every name. Of many
   * files only the first.
   */
  models(query: IModelQuery): Promise<wire.Model[]>;
  /** One version with all its files. */
  model(name: string, version: number): Promise<wire.Model>;
  /** Register files of a run as the next version of a model. */
  registerModel(request: wire.ModelRequest): Promise<wire.Model>;
  changeModel(name: string, version: number, change: wire.ModelChange): Promise<wire.Model>;
  removeModel(name: string, version: number): Promise<void>;
  /** Where a browser downloads a model: its one file, or a zip of all. */
  modelUrl(name: string, version: number): string;
  /** Where a browser downloads one file of a model. */
  modelFileUrl(name: string, version: number, file: string): string;
}
