// How models are named: in words, in code, and by whoever registers one.

import type * as wire from '../api/wire';

/** Which version of which model. */
export type ModelId = Pick<wire.Model, 'name' | 'version'>;

const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,254}$/;

/** Whether this can name a model. */
export function isModelName(name: string): boolean {
  return NAME.test(name);
}

/** `digits:3`, as it is written everywhere. */
export function modelLabel({ name, version }: ModelId): string {
  return `${name}:${version}`;
}

/** How many files it has: of many, a list has only the first. */
export function fileCount({ file_count, files }: wire.Model): number {
  return file_count ?? files.length;
}

/** The expression that gets a version of a model in a notebook. */
export function codeOf({ name, version }: ModelId): string {
  return `Model(ws, "${name}", version=${version})`;
}

/** What a file or folder of a run could be called as a model; its experiment's for all outputs. */
export function suggestedName(path: string, experiment: string): string {
  const inner = path.replace(/^outputs\/?/, '');
  const last = inner.slice(inner.lastIndexOf('/') + 1).replace(/(.)\.[A-Za-z0-9]{1,8}$/, '$1');
  const name = (last || experiment).replace(/[^A-Za-z0-9_.-]+/g, '-');
  return name.replace(/^[^A-Za-z0-9]+/, '').slice(0, 255);
}
