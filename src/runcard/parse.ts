// A notebook is somebody's file: what a card's data claims to be is checked before it is believed.

import type * as wire from '../api/wire';

const STATES: Readonly<Record<wire.RunState, true>> = {
  NotStarted: true,
  Preparing: true,
  Provisioning: true,
  Queued: true,
  Starting: true,
  Running: true,
  Finalizing: true,
  CancelRequested: true,
  Completed: true,
  Failed: true,
  Canceled: true,
  NotResponding: true
};
const KINDS: readonly wire.RunKind[] = ['cell', 'child', 'interactive', 'notebook', 'script'];

/** What it ran in is asked of the server. */
const NO_ENVIRONMENT: wire.EnvironmentSpec = {
  name: '',
  version: null,
  interpreter: null,
  inherited: {},
  variables: {},
  packages: null,
  image: null
};

/** An id goes into addresses: one part of a path, of harmless characters. */
const ID = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,299}$/;
const MOST_FILES = 1_000;

/**
 * The card that a cell's output holds; `null` where it is none.
 *
 * What the card does not need and is not there, or is not understood, is taken as unknown: the
 * notebook may be of another version.
 */
export function parseCard(data: unknown): wire.RunCard | null {
  try {
    const card = record(data);
    const files = card.files === undefined ? [] : list(card.files, file);
    return {
      version: number(card.version),
      workspace_id: id(card.workspace_id),
      run: run(card.run),
      files: files.slice(0, MOST_FILES)
    };
  } catch (error) {
    if (error instanceof WrongShape) {
      return null;
    }
    throw error;
  }
}

class WrongShape extends Error {}

function run(value: unknown): wire.Run {
  const given = record(value);
  const state = text(given.state);
  if (!isState(state)) {
    throw new WrongShape(state);
  }
  return {
    id: id(given.id),
    number: number(given.number),
    state,
    reason: text(given.reason),
    spec: spec(given.spec),
    created_at: instant(given.created_at),
    started_at: optional(given.started_at, instant),
    ended_at: optional(given.ended_at, instant),
    version: number(given.version),
    attempt: optional(given.attempt, number) ?? 1,
    parent_id: optional(given.parent_id, text),
    rank: optional(given.rank, number),
    snapshot_id: null,
    source_directory: null,
    git: null,
    environment: null,
    nodes: optional(given.nodes, nodes => list(nodes, node)) ?? [],
    data: [],
    exit: optional(given.exit, exit),
    warnings: optional(given.warnings, warnings => list(warnings, text)) ?? [],
    advice: optional(given.advice, text),
    tags: {},
    properties: {},
    description: null,
    submitted_by: '',
    workspace_id: optional(given.workspace_id, text) ?? ''
  };
}

function spec(value: unknown): wire.RunSpec {
  const given = record(value);
  const asked = optional(given.resources, record) ?? {};
  const kind = KINDS.find(each => each === given.kind);
  return {
    experiment: text(given.experiment),
    script: optional(given.script, text) ?? '',
    name: optional(given.name, text),
    kind: kind ?? 'script',
    arguments: [],
    variables: {},
    compute: optional(given.compute, text) ?? '',
    environment: NO_ENVIRONMENT,
    resources: {
      cpus: optional(asked.cpus, number),
      gpus: optional(asked.gpus, number) ?? 0,
      memory_bytes: optional(asked.memory_bytes, number)
    },
    timeout_s: optional(given.timeout_s, number) ?? 0,
    priority: optional(given.priority, number) ?? 0,
    node_count: optional(given.node_count, number) ?? 1,
    processes_per_node: optional(given.processes_per_node, number) ?? 1,
    framework: '',
    communicator: '',
    retries: optional(given.retries, number) ?? 0,
    inputs: [],
    outputs: [],
    cell: null
  };
}

function node(value: unknown): wire.Node {
  const given = record(value);
  return {
    index: number(given.index),
    host: text(given.host),
    lease: optional(given.lease, held => {
      const lease = record(held);
      return {
        cpus: number(lease.cpus),
        memory_bytes: optional(lease.memory_bytes, number) ?? 0,
        gpus: optional(lease.gpus, gpus => list(gpus, number)) ?? []
      };
    })
  };
}

function exit(value: unknown): wire.ExitRecord {
  const given = record(value);
  return {
    status: optional(given.status, number),
    signal: optional(given.signal, number),
    cause: optional(given.cause, text),
    message: optional(given.message, text),
    oom_killed: given.oom_killed === true,
    leftovers: optional(given.leftovers, number) ?? 0,
    cpu_s: optional(given.cpu_s, number) ?? 0,
    max_rss_bytes: optional(given.max_rss_bytes, number) ?? 0,
    ended_at: optional(given.ended_at, instant)
  };
}

function file(value: unknown): wire.RunFile {
  const given = record(value);
  return {
    name: text(given.name),
    size_bytes: number(given.size_bytes),
    modified_at: instant(given.modified_at)
  };
}

function record(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new WrongShape();
  }
  return value as Record<string, unknown>;
}

function list<T>(value: unknown, each: (item: unknown) => T): T[] {
  if (!Array.isArray(value)) {
    throw new WrongShape();
  }
  return value.map(each);
}

function text(value: unknown): string {
  if (typeof value !== 'string') {
    throw new WrongShape();
  }
  return value;
}

function number(value: unknown): number {
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) {
    throw new WrongShape();
  }
  return value;
}

function instant(value: unknown): string {
  const given = text(value);
  if (Number.isNaN(Date.parse(given))) {
    throw new WrongShape();
  }
  return given;
}

function id(value: unknown): string {
  const given = text(value);
  if (!ID.test(given)) {
    throw new WrongShape();
  }
  return given;
}

function optional<T>(value: unknown, read: (value: unknown) => T): T | null {
  return value === null || value === undefined ? null : read(value);
}

function isState(value: string): value is wire.RunState {
  return Object.hasOwn(STATES, value);
}
