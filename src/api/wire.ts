// What travels between the page and the server.
// Generated from jupyter_mltrain/wire by generate_wire.py; a test fails when this is stale.

/** Of the package that this page was made with. */
export const VERSION = '0.1.0';

export const PROTOCOL = 1;

/** `POST /v1/runs/<id>/again`: the same snapshot, inputs and settings, but for what is given. */
export type AgainRequest = {
  request_id?: string | null;
  resources?: Resources | null;
  arguments?: string[] | null;
  variables?: { [key: string]: string } | null;
  timeout_s?: number | null;
  priority?: number | null;
  retries?: number | null;
  name?: string | null;
  packages?: string[];
};

/** One argument of a script, as its argparse defines it. */
export type ArgumentChoice = {
  name: string;
  positional: boolean;
  required: boolean;
  type: string;
  default: string | null;
  choices: string[];
  help: string | null;
  repeated: boolean;
};

/** `POST /v1/arguments`: a script or notebook in a folder, or its text. */
export type ArgumentsRequest = {
  directory?: string | null;
  script?: string | null;
  text?: string | null;
};

/** `POST /v1/computes`: a Docker Engine as a compute target. */
export type AttachRequest = {
  name: string;
  url: string;
  cpus?: number | null;
  memory_bytes?: number | null;
  gpus?: number;
};

/** In a follow stream: nothing happened for a while; the service is there. */
export type BeatFrame = {
  frame: 'beat';
};

/** One making of an environment on one compute target. */
export type Build = {
  id: string;
  hash: string;
  name: string;
  version: string | null;
  compute: string;
  state: BuildState;
  reason: string;
  steps: BuildStep[];
  created_at: string;
  ended_at: string | null;
  used_at: string | null;
  size_bytes: number | null;
  spec: EnvironmentSpec;
  built: Built | null;
};

/** In `GET /v1/builds/<id>/follow`: the build's record changed; a final one comes last. */
export type BuildFrame = {
  frame: 'build';
  build: Build;
};

/** `POST /v1/builds`: make an environment ready now. Either of the first two. */
export type BuildRequest = {
  environment?: string | null;
  spec?: EnvironmentSpec | null;
  compute?: string;
  fresh?: boolean;
};

/** How far an environment is. */
export type BuildState =
  | 'Building'
  | 'Built'
  | 'Canceled'
  | 'Failed'
  | 'Stale'
  | 'Waiting';

/** One step of a build, as in `install packages`. */
export type BuildStep = {
  name: string;
  started_at: string;
  ended_at: string | null;
  cached: boolean;
  problem: string | null;
};

/** What an environment was made into: enough to execute in it, and to make it again. */
export type Built = {
  id: string;
  hash: string;
  kind: string;
  interpreter: string | null;
  python: string | null;
  image: string | null;
  base: string | null;
  packages: number;
  lock: string | null;
  as_root: boolean;
};

/** What a compute target can give to all its runs together. */
export type Capacity = {
  cpus: number;
  memory_bytes: number;
  gpus: Device[];
};

/** What makes a `%%train` cell more than a script. */
export type CellSpec = {
  inputs: string[];
  outputs: string[];
};

/** In the events stream: a run is new or its record has changed. */
export type ChangeFrame = {
  frame: 'change';
  cursor: string;
  run: Run;
};

/** A cluster on this machine as it stands: nodes come when runs need them, and go. */
export type Cluster = {
  spec: ClusterSpec;
  node: Lease;
  note: string;
  provisioning_state: string;
  allocation_state: string;
  target_nodes: number;
  nodes: ClusterNode[];
  created_at: string | null;
  modified_at: string | null;
  provisioned_at: string | null;
  allocated_at: string | null;
  reason: string;
};

/** `POST /v1/clusters/<name>`: other limits. `None` leaves what is there. */
export type ClusterChange = {
  min_nodes?: number | null;
  max_nodes?: number | null;
  idle_s?: number | null;
};

/** One node of a cluster: a share of this machine, held for as long as the node is there. */
export type ClusterNode = {
  id: string;
  state: NodeState;
  since: string;
  run_id: string | null;
  lease: Lease | null;
};

/** `POST /v1/clusters`: create a cluster on this machine; the same again changes nothing. */
export type ClusterRequest = {
  name: string;
  spec: ClusterSpec;
};

/** What was asked for when a cluster was created, and can be changed but for the size. */
export type ClusterSpec = {
  vm_size: string;
  vm_priority: string;
  min_nodes: number;
  max_nodes: number;
  idle_s: number;
  description: string | null;
  tags: { [key: string]: string };
  instance: boolean;
};

/** A compute target with who holds what of it. */
export type ComputeStatus = {
  name: string;
  kind: string;
  capacity: Capacity;
  leases: { [key: string]: Lease };
  queued: number;
  url: string | null;
  unreachable: string | null;
  cluster: Cluster | null;
};

/** `PUT /v1/credentials`: keep a registry's password; answered with nothing. */
export type CredentialsRequest = {
  address: string;
  username: string;
  password: string;
};

/** Data that a run takes. An argument that is `argument` becomes the path of it. */
export type DataInput = {
  name: string;
  spec: DatasetSpec;
  mode: DataMode;
  path_on_compute: string | null;
  dataset_id: string | null;
  dataset: string | null;
  version: number | null;
  reference: boolean;
};

/** How a run gets at data. */
export type DataMode =
  | 'direct'
  | 'download'
  | 'mount'
  | 'upload';

/** A folder that a run writes and that goes to a datastore when it ends, whatever the ending. */
export type DataOutput = {
  name: string;
  datastore: string;
  path: string;
  mode: DataMode;
  overwrite: boolean;
  source: string | null;
  register_as: string | null;
  description: string | null;
  tags: { [key: string]: string | null };
};

/** One place that data is taken from: a URL, or a path on a datastore. */
export type DataPath = {
  url: string | null;
  datastore: string | null;
  path: string;
};

/** One version of a registered dataset. A version's definition never changes. */
export type Dataset = {
  id: string;
  name: string;
  version: number;
  spec: DatasetSpec;
  registered_at: string;
  description: string | null;
  tags: { [key: string]: string | null };
};

/** `POST /v1/datasets/<name>`: another description, other tags. `None` leaves what is there. */
export type DatasetChange = {
  version?: number | null;
  description?: string | null;
  set_tags?: { [key: string]: string | null };
  remove_tags?: string[];
};

/** `GET /v1/datasets/<name>`: every version, the latest first. */
export type DatasetDetails = {
  name: string;
  versions: Dataset[];
};

/** How a dataset is read. */
export type DatasetKind =
  | 'file'
  | 'tabular';

/** `POST /v1/datasets`: register; the same definition again is the version there is. */
export type DatasetRequest = {
  name: string;
  spec: DatasetSpec;
  description?: string | null;
  tags?: { [key: string]: string | null };
  create_new_version?: boolean;
};

/** What a dataset consists of: places, and for a table how it is read. */
export type DatasetSpec = {
  kind: DatasetKind;
  paths: DataPath[];
  read: { [key: string]: unknown };
  steps: { [key: string]: unknown }[];
};

/** A named place where data lies. Its secrets are elsewhere, under its name. */
export type Datastore = {
  name: string;
  kind: DatastoreKind;
  url: string;
  options: { [key: string]: unknown };
  credentials: string[];
  default: boolean;
  description: string | null;
  created_at: string | null;
};

/** What a datastore stands on. */
export type DatastoreKind =
  | 'folder'
  | 'remote'
  | 'workspace';

/** `POST /v1/datastores`: register one; it is looked at first, and refused if it fails. */
export type DatastoreRequest = {
  name: string;
  kind: DatastoreKind;
  url: string;
  options?: { [key: string]: unknown };
  secrets?: { [key: string]: string };
  description?: string | null;
  overwrite?: boolean;
  check?: boolean;
};

/** In the events stream: a run was deleted. */
export type DeletedFrame = {
  frame: 'deleted';
  cursor: string;
  run_id: string;
};

/** What a run got for one of its inputs, in its record. */
export type Delivered = {
  name: string;
  path: string;
  files: number;
  size_bytes: number;
  fingerprint: string;
  dataset: string | null;
  version: number | null;
};

/** One GPU of this machine. */
export type Device = {
  index: number;
  name: string;
  memory_bytes: number;
};

/** `GET /v1/builds/<id>/difference`: why it was not there already. */
export type Difference = {
  nearest: string | null;
  nearest_name: string | null;
  changes: string[];
};

/** `POST /v1/runs/<id>/end`: of an opened run or a child; Failed also of a run with a script. */
export type EndRequest = {
  state: RunState;
  reason?: string | null;
};

/** `GET /v1/environments/<name>`: every version with its newest build, the latest first. */
export type EnvironmentDetails = {
  name: string;
  reserved: boolean;
  versions: EnvironmentVersion[];
};

/** `POST mltrain/api/workspaces/<ws>/describe`: an environment in the words of a page. */
export type EnvironmentForm = {
  name: string;
  python?: string | null;
  pip?: string | null;
  conda?: string | null;
  image?: string | null;
  dockerfile?: string | null;
  context?: string | null;
  snapshot?: string | null;
  registry?: string | null;
  username?: string | null;
  platform?: string | null;
  interpreter?: string | null;
  shm_bytes?: number | null;
  arguments?: string[];
  variables?: { [key: string]: string };
};

/** `POST /v1/environments`: register a definition; the same again is the version there is. */
export type EnvironmentRequest = {
  spec: EnvironmentSpec;
};

/** What the script runs in: an interpreter of this machine, packages, or an image. */
export type EnvironmentSpec = {
  name: string;
  version: string | null;
  interpreter: string | null;
  inherited: { [key: string]: string };
  variables: { [key: string]: string };
  packages: PackagesSpec | null;
  image: ImageSpec | null;
};

/** One environment in `GET /v1/environments`: its latest version at a glance. */
export type EnvironmentSummary = {
  name: string;
  kind: string;
  latest: string;
  versions: number;
  reserved: boolean;
  state: BuildState;
  reason: string;
  build: string | null;
  size_bytes: number | null;
  used_at: string | null;
  changed_at: string | null;
};

/** A registered definition. It never changes; changing an environment makes a new version. */
export type EnvironmentVersion = {
  spec: EnvironmentSpec;
  registered_at: string | null;
  build: Build | null;
};

/** In the events stream: an environment, build, compute target, dataset or model is another. */
export type EnvironmentsFrame = {
  frame: 'environments';
};

/** In a stream from the Jupyter server, last: why it cannot go on. */
export type ErrorFrame = {
  frame: 'error';
  code: string;
  message: string;
};

/** Body of every reply with a status of 400 and above. */
export type ErrorReply = {
  code: string;
  message: string;
};

/** How the script's process ended, as its reaper saw it. */
export type ExitRecord = {
  status: number | null;
  signal: number | null;
  cause: string | null;
  message: string | null;
  oom_killed: boolean;
  leftovers: number;
  cpu_s: number;
  max_rss_bytes: number;
  ended_at: string | null;
};

/** `GET /v1/runs/<id>/files`: ordered by name. */
export type FilePage = {
  files: RunFile[];
  total: number;
  total_bytes: number;
  next_after: string | null;
};

/** A file or a folder of a run, as one level of a tree shows it. */
export type FolderEntry = {
  name: string;
  path: string;
  is_folder: boolean;
  size_bytes: number | null;
  modified_at: string | null;
};

/** `GET /v1/runs/<id>/folder`: one level, folders first, then by name. */
export type FolderPage = {
  entries: FolderEntry[];
  total: number;
  next_after: string | null;
};

/** One run that is, or would be, taken. */
export type GcItem = {
  id: string;
  number: number;
  label: string;
  size_bytes: number;
};

/** What a clean-up takes: runs, and blobs that no run left needs. */
export type GcReport = {
  runs: GcItem[];
  freed_bytes: number;
  blobs: number;
  cached: number;
  dry_run: boolean;
};

/** `POST /v1/gc`. Takes the oldest finished runs first. */
export type GcRequest = {
  older_than_s?: number | null;
  keep_bytes?: number | null;
  dry_run?: boolean;
};

/** The repository that the source directory belongs to, as it was at submit. */
export type GitState = {
  repository: string | null;
  branch: string | null;
  commit: string | null;
  dirty: boolean;
};

/** A container image and how a container is made of it. Either `image` or `dockerfile`. */
export type ImageSpec = {
  image: string | null;
  dockerfile: string | null;
  context: string | null;
  registry: string | null;
  username: string | null;
  platform: string | null;
  shm_bytes: number;
  arguments: string[];
};

/** What a run holds while it runs. */
export type Lease = {
  cpus: number;
  memory_bytes: number;
  gpus: number[];
};

/** In a follow stream: `size_bytes` raw bytes of `log`, from `offset`, come right after. */
export type LogFrame = {
  frame: 'log';
  log: string;
  offset: number;
  size_bytes: number;
};

/** `GET /v1/runs/<id>/search`: where the next match is; all `None` when there is none. */
export type LogMatch = {
  offset: number | null;
  size_bytes: number | null;
  line_offset: number | null;
};

/** One value that a run has logged. */
export type MetricPoint = {
  name: string;
  column: string | null;
  value: number | null;
  text: string | null;
  image: boolean;
  step: number | null;
  at: number;
};

/** In a follow stream: what was logged between two offsets of the run's journal. */
export type MetricsFrame = {
  frame: 'metrics';
  offset: number;
  next_offset: number;
  points: MetricPoint[];
};

/** One version of a registered model. Its files never change; its words may. */
export type Model = {
  name: string;
  version: number;
  created_at: string;
  size_bytes: number;
  files: RunFile[];
  file_count: number | null;
  description: string | null;
  tags: { [key: string]: string | null };
  properties: { [key: string]: string };
  framework: string | null;
  framework_version: string | null;
  run_id: string | null;
  experiment: string | null;
  datasets: ModelDataset[];
  created_by: string;
};

/** `POST /v1/models/<name>/<version>`: other words. `None` leaves what is there. */
export type ModelChange = {
  description?: string | null;
  set_tags?: { [key: string]: string | null };
  remove_tags?: string[];
  add_properties?: { [key: string]: string };
  add_datasets?: ModelDataset[];
};

/** A dataset that a model was made with. */
export type ModelDataset = {
  label: string;
  dataset_id: string;
  dataset: string | null;
  version: number | null;
};

/** `POST /v1/models`: register the next version of a model. Either `run` or `source`. */
export type ModelRequest = {
  name: string;
  run?: string | null;
  path?: string | null;
  source?: string | null;
  include?: string[] | null;
  description?: string | null;
  tags?: { [key: string]: string | null };
  properties?: { [key: string]: string };
  framework?: string | null;
  framework_version?: string | null;
  datasets?: ModelDataset[];
  request_id?: string | null;
};

/** One of the machines (or shares of a machine) a run executes on. */
export type Node = {
  index: number;
  host: string;
  lease: Lease | null;
};

/** How one node of a cluster is, in Azure ML's words. */
export type NodeState =
  | 'idle'
  | 'leaving'
  | 'preparing'
  | 'running'
  | 'unusable';

/** `POST /v1/runs/open`: a run that the caller's own process logs to, at once Running. */
export type OpenRequest = {
  experiment: string;
  name?: string | null;
  run_id?: string | null;
  parent?: string | null;
  source?: Source | null;
  tags?: { [key: string]: string | null };
  pid?: number | null;
  started_at?: number | null;
  request_id?: string | null;
};

/** Packages to install: what a conda specification or a requirements file asks for. */
export type PackagesSpec = {
  python: string | null;
  conda: string[];
  channels: string[];
  pip: string[];
};

/** `POST /v1/preview`: what a submit would ship, and what the checks say. Nothing is changed. */
export type Preview = {
  files: SnapshotFile[];
  total: number;
  total_bytes: number;
  ignored: string[];
  ignored_total: number;
  warnings: string[];
  errors: string[];
};

/** `POST /v1/runs/<id>/priority`: exactly one of these. */
export type PriorityRequest = {
  priority?: number | null;
  before?: string | null;
  after?: string | null;
};

/** `POST /v1/runs/<id>/properties`: can be added, never changed. */
export type PropertyRequest = {
  add: { [key: string]: string };
};

/** An interpreter of this machine that runs can use. */
export type PythonInfo = {
  name: string;
  interpreter: string;
  version: string;
  default: boolean;
};

/** One waiting run, in the order they will start. */
export type QueueEntry = {
  run_id: string;
  label: string;
  position: number;
  reason: string;
  resources: Resources;
};

/** In the events stream: one of these is another. Changes of runs tell of all the rest. */
export type QueueFrame = {
  frame: 'queue';
  running: number;
  queued: number;
  paused: string | null;
};

/** What was, or would be, deleted. It is built again when a run needs it. */
export type ReclaimReport = {
  builds: Build[];
  freed_bytes: number;
  dry_run: boolean;
  problems: string[];
};

/** `POST /v1/environments/reclaim`: delete builds that nothing needs. */
export type ReclaimRequest = {
  unused_for_s?: number;
  dry_run?: boolean;
};

/** In the events stream, first: what came before is unknown; look at everything anew. */
export type ResetFrame = {
  frame: 'reset';
  cursor: string;
};

/** What a run asks of its compute target; `None` means the target's own default. */
export type Resources = {
  cpus: number | null;
  gpus: number;
  memory_bytes: number | null;
};

/** The record of one run, as the service keeps and reports it. */
export type Run = {
  id: string;
  number: number;
  state: RunState;
  reason: string;
  spec: RunSpec;
  created_at: string;
  started_at: string | null;
  ended_at: string | null;
  version: number;
  attempt: number;
  parent_id: string | null;
  snapshot_id: string | null;
  source_directory: string | null;
  git: GitState | null;
  nodes: Node[];
  environment: Built | null;
  data: Delivered[];
  exit: ExitRecord | null;
  warnings: string[];
  advice: string | null;
  tags: { [key: string]: string | null };
  properties: { [key: string]: string };
  description: string | null;
  submitted_by: string;
  workspace_id: string;
  rank: number | null;
};

/** `application/vnd.jupyter-mltrain.run+json`: what a cell's output says of its run. */
export type RunCard = {
  version: number;
  workspace_id: string;
  run: Run;
  files: RunFile[];
};

/** `POST /v1/runs/<id>`: what is `None` stays as it is. */
export type RunChange = {
  name: string | null;
  description: string | null;
  source: Source | null;
};

/** One file of a run: a log, an output, something it uploaded. */
export type RunFile = {
  name: string;
  size_bytes: number;
  modified_at: string;
};

/** In a follow stream: the run's record changed. */
export type RunFrame = {
  frame: 'run';
  run: Run;
};

/** What made the run. */
export type RunKind =
  | 'cell'
  | 'child'
  | 'interactive'
  | 'notebook'
  | 'script';

/** `GET /v1/runs`: newest first. */
export type RunPage = {
  runs: Run[];
  next_before: number | null;
  total: number | null;
};

/** One execution of one script: everything that decides what happens. */
export type RunSpec = {
  experiment: string;
  script: string;
  name: string | null;
  kind: RunKind;
  arguments: string[];
  variables: { [key: string]: string };
  compute: string;
  environment: EnvironmentSpec;
  resources: Resources;
  timeout_s: number;
  priority: number;
  node_count: number;
  processes_per_node: number;
  framework: string;
  communicator: string;
  retries: number;
  inputs: DataInput[];
  outputs: DataOutput[];
  cell: CellSpec | null;
};

/** The states of a run, spelled as Azure ML spells them. */
export type RunState =
  | 'CancelRequested'
  | 'Canceled'
  | 'Completed'
  | 'Failed'
  | 'Finalizing'
  | 'NotResponding'
  | 'NotStarted'
  | 'Preparing'
  | 'Provisioning'
  | 'Queued'
  | 'Running'
  | 'Starting';

/** `POST /v1/arguments`: what a script asks for; empty when it uses no argparse, or several. */
export type ScriptArguments = {
  arguments: ArgumentChoice[];
};

/** `GET mltrain/api/workspaces`: what the Jupyter server can offer. */
export type ServerInfo = {
  version: string;
  workspaces: WorkspaceInfo[];
};

/** In the events stream, from the Jupyter server: how the service is. */
export type ServiceFrame = {
  frame: 'service';
  state: string;
  message: string;
};

/** `GET /v1/status`. */
export type ServiceStatus = {
  version: string;
  protocol: number;
  pid: number;
  workspace_id: string;
  workspace: string;
  started_at: string;
  running: number;
  queued: number;
  queue_paused: string | null;
};

/** One file that was shipped with a run. */
export type SnapshotFile = {
  name: string;
  size_bytes: number;
};

/** `GET /v1/runs/<id>/snapshot`: what was shipped, ordered by name. */
export type SnapshotPage = {
  files: SnapshotFile[];
  total: number;
  total_bytes: number;
  next_after: string | null;
};

/** Where the files of a run come from. Directory, then `inline` files over it. */
export type Source = {
  directory: string | null;
  include: string[] | null;
  inline: { [key: string]: string };
  snapshot: string | null;
};

/** One step of a run's life, in the order it happened. */
export type StateChange = {
  state: RunState;
  reason: string;
  at: string;
};

/** `POST mltrain/api/workspaces/<ws>/submit` and `/preview`: a run in the words of a page. */
export type SubmitForm = {
  path?: string | null;
  code?: string | null;
  source?: string | null;
  experiment?: string | null;
  name?: string | null;
  arguments?: string[];
  variables?: { [key: string]: string };
  tags?: { [key: string]: string | null };
  interpreter?: string | null;
  environment?: string | null;
  image?: string | null;
  packages?: string[];
  compute?: string;
  resources?: Resources;
  timeout_s?: number | null;
  priority?: number;
  retries?: number;
  force?: boolean;
  request_id?: string | null;
};

/** `POST /v1/runs`. */
export type SubmitRequest = {
  spec: RunSpec;
  source: Source;
  environment?: string | null;
  request_id?: string | null;
  inputs?: { [key: string]: string };
  tags?: { [key: string]: string | null };
  properties?: { [key: string]: string };
  force?: boolean;
};

/** `POST /v1/runs/<id>/tags`. */
export type TagRequest = {
  set?: { [key: string]: string | null };
  remove?: string[];
};

/** A size of machines by Azure's name, and what it comes to on this machine. */
export type VmSize = {
  name: string;
  cpus: number;
  memory_bytes: number;
  gpus: number;
  node: Lease;
  note: string;
};

/** One workspace of this user. */
export type WorkspaceInfo = {
  id: string;
  name: string;
  directory: string;
  default: boolean;
  there: boolean;
};

export const FINAL_STATES: ReadonlySet<RunState> = new Set([
  'Completed',
  'Failed',
  'Canceled'
]);

export const WAITING_STATES: ReadonlySet<RunState> = new Set([
  'NotStarted',
  'Preparing',
  'Provisioning',
  'Queued'
]);

export const FINAL_BUILD_STATES: ReadonlySet<BuildState> = new Set([
  'Built',
  'Failed',
  'Canceled',
  'Stale'
]);

export const DRIVER_LOG = 'azureml-logs/70_driver_log.txt';

export const CONTROL_LOG = 'azureml-logs/60_control_log.txt';

export const BUILD_LOG = 'azureml-logs/20_image_build_log.txt';

export const LOCK_FILE = 'azureml-logs/environment.lock.txt';
