// What is typed about a cluster, and what it comes to on the server's machine.

import type { TranslationBundle } from '@jupyterlab/translation';

import type * as wire from '../api/wire';
import { parseWhole } from '../form/reading';
import { askedSize, cpus, gpus } from '../parts/words';

/** The limits of a cluster, as typed. */
export interface ILimitFields {
  min: string;
  max: string;
  idleMinutes: string;
}

export interface IClusterFields extends ILimitFields {
  name: string;
  size: string;
}

export const EMPTY: IClusterFields = {
  name: '',
  size: 'STANDARD_D2_V2',
  min: '0',
  max: '2',
  idleMinutes: '30'
};

type Noted<T> = Partial<Record<keyof T, string>>;

/** The fields of limits that are there. */
export function limitFieldsOf(spec: wire.ClusterSpec): ILimitFields {
  return {
    min: String(spec.min_nodes),
    max: String(spec.max_nodes),
    idleMinutes: String(Math.round((spec.idle_s / 60) * 100) / 100)
  };
}

/** Read the limits; a problem by field. */
export function readLimits(
  fields: ILimitFields,
  trans: TranslationBundle
): {
  limits: Pick<wire.ClusterSpec, 'min_nodes' | 'max_nodes' | 'idle_s'>;
  problems: Noted<ILimitFields>;
} {
  const problems: Noted<ILimitFields> = {};
  const whole = (field: 'min' | 'max', least: number): number => {
    const count = parseWhole(fields[field].trim());
    if (count === null || count < least) {
      problems[field] = trans.__('Use a whole number from %1 on.', least);
    }
    return count ?? least;
  };
  const least = whole('min', 0);
  const most = whole('max', 1);
  if (!problems.min && !problems.max && least > most) {
    problems.max = trans.__('Less than the fewest nodes.');
  }
  const typed = fields.idleMinutes.trim();
  const minutes = /^\d+(\.\d+)?$/.test(typed) ? Number(typed) : null;
  if (minutes === null) {
    problems.idleMinutes = trans.__('Use a number of minutes, such as 30 or 0.5.');
  }
  return {
    limits: { min_nodes: least, max_nodes: most, idle_s: 60 * (minutes ?? 0) },
    problems
  };
}

/** Read what a new cluster is to be; a problem by field. */
export function readCluster(
  fields: IClusterFields,
  trans: TranslationBundle
): { request: wire.ClusterRequest; problems: Noted<IClusterFields> } {
  const name = fields.name.trim();
  const size = fields.size.trim().toUpperCase();
  const { limits, problems: wrong } = readLimits(fields, trans);
  const problems: Noted<IClusterFields> = { ...wrong };
  // As Azure ML names compute: there it is a rule, and what is made here is to work there.
  if (!/^[A-Za-z][A-Za-z0-9-]{1,15}$/.test(name)) {
    problems.name = name
      ? trans.__('Use 2 to 16 letters, digits and “-”, the first a letter.')
      : trans.__('Name it.');
  }
  if (!size) {
    problems.size = trans.__('Choose a VM size.');
  }
  const spec: wire.ClusterSpec = {
    ...limits,
    vm_size: size,
    vm_priority: 'dedicated',
    description: null,
    tags: {},
    instance: false
  };
  return { request: { name, spec }, problems };
}

/** What a machine of a size has, as in `6 CPUs · 56 GB · 1 GPU`. */
export function sizeWords(trans: TranslationBundle, size: wire.VmSize): string {
  return words(trans, size.cpus, size.memory_bytes, size.gpus);
}

/** What a node of a size gets on the server's machine; empty for an unknown size. */
export function onMachine(
  trans: TranslationBundle,
  name: string,
  sizes: readonly wire.VmSize[]
): string {
  const wanted = name.trim().toUpperCase();
  const size = sizes.find(each => each.name === wanted);
  if (!size) {
    return '';
  }
  const { cpus: count, gpus: devices, memory_bytes } = size.node;
  const gets = trans.__('A node gets %1.', words(trans, count, memory_bytes, devices.length));
  return [gets, size.note].filter(sentence => sentence).join(' ');
}

function words(
  trans: TranslationBundle,
  cpuCount: number,
  memoryBytes: number,
  gpuCount: number
): string {
  return [
    cpus(trans, cpuCount),
    askedSize(trans, memoryBytes),
    ...(gpuCount ? [gpus(trans, gpuCount)] : [])
  ].join(' · ');
}
