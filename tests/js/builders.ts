// Whole records, so that a test says only what it is about.

import type * as wire from '../../src/api/wire';

export function aSpec(given: Partial<wire.RunSpec> = {}): wire.RunSpec {
  return {
    experiment: 'digits',
    script: 'train.py',
    name: null,
    kind: 'script',
    arguments: [],
    variables: {},
    compute: 'local',
    environment: { name: 'current', interpreter: null, inherited: {} },
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
