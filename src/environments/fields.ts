import type { TranslationBundle } from '@jupyterlab/translation';

import type * as wire from '../api/wire';
import type { IPair, Problems } from '../form/fields';
import { readPairs } from '../form/fields';
import { parseSize, writeSize } from '../form/reading';
import { join, split } from '../parts/shell';

/** What an environment is made of. */
export type Base = 'packages' | 'image' | 'dockerfile';

/** How the packages are written; none where those of the image are used. */
export type Installs = 'none' | 'pip' | 'conda';

/** What the user has filled in, as typed. Empty means "as it is by default". */
export interface IEnvironmentFields {
  name: string;
  base: Base;
  image: string;
  dockerfile: string;
  /** A folder of the file browser. */
  context: string;
  /** The folder as an earlier version has it, as long as no other one is named. */
  snapshot: string | null;
  registry: string;
  username: string;
  installs: Installs;
  pip: string;
  conda: string;
  python: string;
  interpreter: string;
  variables: readonly IPair[];
  shm: string;
  arguments: string;
  platform: string;
}

export type TextField = Exclude<
  keyof IEnvironmentFields,
  'base' | 'installs' | 'variables' | 'snapshot'
>;

export const EMPTY: IEnvironmentFields = {
  name: '',
  base: 'packages',
  image: '',
  dockerfile: '',
  context: '',
  snapshot: null,
  registry: '',
  username: '',
  installs: 'pip',
  pip: '',
  conda: '',
  python: '',
  interpreter: '',
  variables: [],
  shm: '',
  arguments: '',
  platform: ''
};

/** Shared memory of a container where none is asked for. */
const USUAL_SHM_BYTES = 2 * 1_024 ** 3;

const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$/;
const RESERVED = /^(azureml|mltrain)-/i;

/** The form of an environment that was there before. */
export function fieldsOf(spec: wire.EnvironmentSpec): IEnvironmentFields {
  const { image, packages } = spec;
  const installs =
    packages === null
      ? 'none'
      : packages.conda.length || packages.channels.length
        ? 'conda'
        : 'pip';
  return {
    ...EMPTY,
    name: spec.name,
    base: image === null ? 'packages' : image.dockerfile === null ? 'image' : 'dockerfile',
    image: image?.image ?? '',
    dockerfile: image?.dockerfile ?? '',
    snapshot: image?.context ?? null,
    registry: image?.registry ?? '',
    username: image?.username ?? '',
    installs: image === null && packages === null ? 'pip' : installs,
    pip: installs === 'pip' && packages ? packages.pip.join('\n') : '',
    conda: installs === 'conda' && packages ? condaText(packages) : '',
    python: installs === 'pip' && packages ? (packages.python ?? '') : '',
    interpreter: image === null ? '' : (spec.interpreter ?? ''),
    variables: Object.entries(spec.variables).map(([key, value], id) => ({
      id: String(id),
      key,
      value
    })),
    shm: image && image.shm_bytes !== USUAL_SHM_BYTES ? writeSize(image.shm_bytes) : '',
    arguments: image ? join(image.arguments) : '',
    platform: image?.platform ?? ''
  };
}

/** Packages as a conda specification. */
export function condaText(packages: wire.PackagesSpec): string {
  const { channels, conda, pip, python } = packages;
  const version = python === null ? null : /^[<>=!~]/.test(python) ? python : `=${python}`;
  const item = (text: string): string =>
    `- ${/^[\w.=<>-]+$/.test(text) ? text : JSON.stringify(text)}`;
  return [
    ...(channels.length ? ['channels:', ...channels.map(each => `  ${item(each)}`)] : []),
    'dependencies:',
    ...(version === null ? [] : [`  ${item(`python${version}`)}`]),
    ...conda.map(each => `  ${item(each)}`),
    ...(pip.length ? ['  - pip:', ...pip.map(each => `      ${item(each)}`)] : []),
    ''
  ].join('\n');
}

/** Read the form: what it describes and, where that cannot be saved, why. */
export function read(
  fields: IEnvironmentFields,
  trans: TranslationBundle
): { form: wire.EnvironmentForm; problems: Problems } {
  const problems: { [field: string]: string } = {};
  const name = fields.name.trim();
  if (!NAME.test(name)) {
    problems.name = name
      ? trans.__('Use letters, digits, “_”, “-” and “.”, the first a letter or digit.')
      : trans.__('Name the environment.');
  } else if (RESERVED.test(name)) {
    problems.name = trans.__(
      'Names that begin with “azureml-” or “mltrain-” are of those that come with mltrain.'
    );
  }
  const variables = readPairs(fields.variables, 'variables', problems, {
    bad: key => (/[=\s\0]/.test(key) ? trans.__('A name has no spaces and no “=”.') : null),
    nameless: trans.__('Name the variable.'),
    twice: trans.__('This variable is set twice.')
  });
  const form: wire.EnvironmentForm = {
    name,
    variables,
    ...readPackages(fields, problems, trans),
    ...(fields.base === 'packages' ? {} : readContainer(fields, problems, trans))
  };
  return { form, problems };
}

type Noted = { [field: string]: string };

function readPackages(
  fields: IEnvironmentFields,
  problems: Noted,
  trans: TranslationBundle
): Partial<wire.EnvironmentForm> {
  if (fields.installs === 'conda') {
    if (!fields.conda.trim()) {
      problems.conda = trans.__('Write the conda specification.');
    }
    return { conda: fields.conda };
  }
  if (fields.installs === 'none') {
    return {};
  }
  const python = fields.python.trim();
  if (python && !/^[<>=!~]*\s*\d+(\.(\d+|\*))*(\s*,\s*[<>=!~]+\s*\d+(\.\d+)*)*$/.test(python)) {
    problems.python = trans.__('Use a version, such as 3.11 or >=3.10.');
  }
  if (!fields.pip.trim() && !(fields.base === 'packages' && python)) {
    problems.pip = trans.__('Name a package, one to a line.');
  }
  return { pip: fields.pip, python: python || null };
}

function readContainer(
  fields: IEnvironmentFields,
  problems: Noted,
  trans: TranslationBundle
): Partial<wire.EnvironmentForm> {
  const image = fields.image.trim();
  const context = fields.context.trim().replace(/\/+$/, '');
  if (fields.base === 'image' && !image) {
    problems.image = trans.__('Name an image, such as python:3.11-slim.');
  } else if (fields.base === 'image' && /\s/.test(image)) {
    problems.image = trans.__('The name of an image has no spaces.');
  }
  if (fields.base === 'dockerfile' && !/^\s*FROM\s/im.test(fields.dockerfile)) {
    problems.dockerfile = fields.dockerfile.trim()
      ? trans.__('A Dockerfile has a line that begins with FROM.')
      : trans.__('Write the Dockerfile.');
  }
  const shm = fields.shm.trim() ? parseSize(fields.shm) : null;
  if (fields.shm.trim() && !shm) {
    problems.shm = trans.__('Use a number with a unit: 512MB, 4GB.');
  }
  const words = split(fields.arguments);
  if (!words) {
    problems.arguments = trans.__('A quote is not closed.');
  }
  const username = fields.username.trim();
  const registry = fields.registry
    .trim()
    .replace(/^https?:\/\//, '')
    .replace(/\/+$/, '');
  return {
    ...(fields.base === 'image'
      ? { image }
      : {
          dockerfile: fields.dockerfile,
          context: context || null,
          snapshot: context ? null : fields.snapshot
        }),
    registry: registry || (username ? registryOf(fields.base === 'image' ? image : '') : null),
    username: username || null,
    platform: fields.platform.trim() || null,
    interpreter: fields.interpreter.trim() || null,
    shm_bytes: shm,
    arguments: words ?? []
  };
}

/** Where an image is pulled from, as its name says. */
export function registryOf(image: string): string {
  const slash = image.indexOf('/');
  const first = slash < 0 ? '' : image.slice(0, slash);
  return first === 'localhost' || /[.:]/.test(first) ? first : 'docker.io';
}
