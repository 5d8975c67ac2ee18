// Whole records, so that a test says only what it is about.

import type * as wire from '../../src/api/wire';

export function anEnvironment(given: Partial<wire.EnvironmentSpec> = {}): wire.EnvironmentSpec {
  return {
    name: 'current',
    version: null,
    interpreter: null,
    inherited: {},
    variables: {},
    packages: null,
    image: null,
    ...given
  };
}

export function anImage(given: Partial<wire.ImageSpec> = {}): wire.ImageSpec {
  return {
    image: null,
    dockerfile: null,
    context: null,
    registry: null,
    username: null,
    platform: null,
    shm_bytes: 2_147_483_648,
    arguments: [],
    ...given
  };
}

export function somePackages(given: Partial<wire.PackagesSpec> = {}): wire.PackagesSpec {
  return { python: null, conda: [], channels: [], pip: [], ...given };
}

/** A build of some packages that went well. */
export function aBuild(given: Partial<wire.Build> = {}): wire.Build {
  return {
    id: 'b1',
    hash: 'c0ffee',
    name: 'fit',
    version: '1',
    compute: 'local',
    state: 'Built',
    reason: '',
    steps: [],
    created_at: '2026-11-20T12:00:00Z',
    ended_at: '2026-11-20T12:00:38Z',
    used_at: null,
    size_bytes: 120_000_000,
    spec: anEnvironment({ name: 'fit', version: '1', packages: somePackages() }),
    built: null,
    ...given
  };
}

export function aSummary(
  given: Partial<wire.EnvironmentSummary> = {}
): wire.EnvironmentSummary {
  return {
    name: 'fit',
    kind: 'packages',
    latest: '1',
    versions: 1,
    reserved: false,
    state: 'Built',
    reason: '',
    build: 'b1',
    size_bytes: 120_000_000,
    used_at: null,
    changed_at: '2026-11-20T12:00:38Z',
    ...given
  };
}

/** A machine of 8 CPUs. */
export function aTarget(given: Partial<wire.ComputeStatus> = {}): wire.ComputeStatus {
  return {
    name: 'local',
    kind: 'process',
    capacity: { cpus: 8, memory_bytes: 16_000_000_000, gpus: [] },
    leases: {},
    queued: 0,
    url: null,
    unreachable: null,
    cluster: null,
    ...given
  };
}

/** A cluster of up to 4 nodes without any. */
export function aCluster(given: Partial<wire.Cluster> = {}): wire.Cluster {
  return {
    spec: aClusterSpec(),
    node: { cpus: 2, memory_bytes: 7 * 1_024 ** 3, gpus: [] },
    note: '',
    provisioning_state: 'Succeeded',
    allocation_state: 'Steady',
    target_nodes: 0,
    nodes: [],
    created_at: '2026-11-20T12:00:00Z',
    modified_at: null,
    provisioned_at: null,
    allocated_at: null,
    reason: '',
    ...given
  };
}

export function aClusterSpec(given: Partial<wire.ClusterSpec> = {}): wire.ClusterSpec {
  return {
    vm_size: 'STANDARD_D2_V2',
    vm_priority: 'dedicated',
    min_nodes: 0,
    max_nodes: 4,
    idle_s: 1_800,
    description: null,
    tags: {},
    instance: false,
    ...given
  };
}

export function aNode(given: Partial<wire.ClusterNode> = {}): wire.ClusterNode {
  return {
    id: 'cpu-cluster-1',
    state: 'idle',
    since: '2026-11-20T12:00:00Z',
    run_id: null,
    lease: { cpus: 2, memory_bytes: 7 * 1_024 ** 3, gpus: [] },
    ...given
  };
}

/** A version of a model of one file. */
export function aModel(given: Partial<wire.Model> = {}): wire.Model {
  return {
    name: 'digits',
    version: 1,
    created_at: '2026-11-20T12:00:00Z',
    size_bytes: 12_345,
    files: [{ name: 'model.bin', size_bytes: 12_345, modified_at: '2026-11-20T12:00:00Z' }],
    file_count: null,
    description: null,
    tags: {},
    properties: {},
    framework: null,
    framework_version: null,
    run_id: 'digits_1763640000_0a1b2c3d',
    experiment: 'digits',
    datasets: [],
    created_by: 'ada',
    ...given
  };
}

export function anInput(given: Partial<wire.DataInput> = {}): wire.DataInput {
  return {
    name: 'mnist',
    spec: {
      kind: 'file',
      paths: [{ url: null, datastore: 'workspaceblobstore', path: 'mnist' }],
      read: {},
      steps: []
    },
    mode: 'mount',
    path_on_compute: null,
    dataset_id: 'd1',
    dataset: 'mnist',
    version: 2,
    reference: false,
    ...given
  };
}

export function aSpec(given: Partial<wire.RunSpec> = {}): wire.RunSpec {
  return {
    experiment: 'digits',
    script: 'train.py',
    name: null,
    kind: 'script',
    arguments: [],
    variables: {},
    compute: 'local',
    environment: anEnvironment(),
    resources: { cpus: null, gpus: 0, memory_bytes: null },
    timeout_s: 2_592_000,
    priority: 0,
    node_count: 1,
    processes_per_node: 1,
    framework: '',
    communicator: '',
    retries: 0,
    inputs: [],
    outputs: [],
    cell: null,
    ...given
  };
}

export function aRun(given: Partial<wire.Run> = {}): wire.Run {
  return {
    id: 'digits_1763640000_0a1b2c3d',
    number: 42,
    state: 'Completed',
    reason: 'exit status 0',
    spec: aSpec(),
    created_at: '2026-11-20T12:00:00Z',
    started_at: '2026-11-20T12:00:01Z',
    ended_at: '2026-11-20T12:01:04Z',
    version: 3,
    attempt: 1,
    parent_id: null,
    snapshot_id: 's1',
    source_directory: '/home/ada/digits',
    git: null,
    nodes: [],
    environment: null,
    data: [],
    exit: null,
    warnings: [],
    advice: null,
    tags: {},
    properties: {},
    submitted_by: 'ada',
    workspace_id: 'w1',
    rank: null,
    description: null,
    ...given
  };
}
