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
    exit: null,
    warnings: [],
    advice: null,
    tags: {},
    properties: {},
    submitted_by: 'ada',
    workspace_id: 'w1',
    rank: null,
    ...given
  };
}
