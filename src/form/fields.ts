import type { TranslationBundle } from '@jupyterlab/translation';

import type * as wire from '../api/wire';
import { askedSize, LONGEST_S } from '../parts/words';
import { readEnvironment } from './environment';
import {
  experimentOf,
  folderOf,
  isExperimentName,
  isNotebook,
  parseDuration,
  parseSize,
  parseWhole,
  writeDuration,
  writeSize
} from './reading';
import { join, split } from '../parts/shell';

/** A row of two texts; the id names it while both change. */
export interface IPair {
  id: string;
  key: string;
  value: string;
}

/** What the user has filled in, as typed. Empty means "as it is by default". */
export interface IFields {
  /** The run is a file of the file browser, a text, or an earlier run with changes. */
  kind: 'file' | 'code' | 'again';
  /** A script or notebook, as the file browser names it. */
  path: string;
  code: string;
  /** The folder that travels; by default the script's own, and none with `code`. */
  source: string;
  /** What it runs in: `python:PATH`, `named:NAME`, `image`, `packages`; the usual Python if empty. */
  environment: string;
  image: string;
  /** Requirements with spaces between, to go into the image or an environment of their own. */
  packages: string;
  compute: string;
  cpus: string;
  gpus: string;
  memory: string;
  /** What the script asks for: name -> text; a flag that is given is `FLAG`. */
  values: { readonly [name: string]: string };
  /** Further arguments, typed as in a shell. */
  extra: string;
  variables: readonly IPair[];
  name: string;
  experiment: string;
  tags: readonly IPair[];
  timeout: string;
  priority: string;
  retries: string;
}

export type FieldName = Exclude<keyof IFields, 'kind' | 'values' | 'variables' | 'tags'>;

/** The text of a flag that is given. */
export const FLAG = 'on';

export const EMPTY: IFields = {
  kind: 'file',
  path: '',
  code: '',
  source: '',
  environment: '',
  image: '',
  packages: '',
  compute: 'local',
  cpus: '',
  gpus: '',
  memory: '',
  values: {},
  extra: '',
  variables: [],
  name: '',
  experiment: '',
  tags: [],
  timeout: '',
  priority: '',
  retries: ''
};

/** What is wrong, in sentences, by field: `cpus`, `values.--rate`, `tags.<row's id>` … */
export type Problems = { readonly [field: string]: string };

/** What the texts are read against. */
export interface ISurroundings {
  arguments: readonly wire.ArgumentChoice[];
  computes: readonly wire.ComputeStatus[] | null;
  environments: readonly wire.EnvironmentSummary[];
  pythons: readonly wire.PythonInfo[];
}

/** The experiment that is meant when none is given. */
export function defaultExperiment(fields: IFields): string {
  return fields.kind === 'file' ? experimentOf(fields.path) : 'code';
}

/** The form of a run that was there before. */
export function fieldsOf(run: wire.Run): IFields {
  const { spec } = run;
  const { cpus, gpus, memory_bytes } = spec.resources;
  return {
    ...EMPTY,
    kind: 'again',
    compute: spec.compute,
    cpus: cpus === null ? '' : String(cpus),
    gpus: gpus ? String(gpus) : '',
    memory: memory_bytes ? writeSize(memory_bytes) : '',
    extra: join(spec.arguments),
    variables: Object.entries(spec.variables).map(([key, value], id) => ({
      id: String(id),
      key,
      value
    })),
    name: spec.name ?? '',
    experiment: spec.experiment,
    timeout: spec.timeout_s < LONGEST_S ? writeDuration(spec.timeout_s) : '',
    priority: spec.priority ? String(spec.priority) : '',
    retries: spec.retries ? String(spec.retries) : ''
  };
}

/** What changes when a run is done again as the form says; nothing is left as it was. */
export function changesOf(form: wire.SubmitForm): wire.AgainRequest {
  return {
    resources: form.resources,
    arguments: form.arguments,
    variables: form.variables,
    timeout_s: form.timeout_s ?? LONGEST_S,
    priority: form.priority,
    retries: form.retries,
    name: form.name
  };
}

/** Read the form: what it asks for and, where that cannot be submitted, why. */
export function read(
  fields: IFields,
  around: ISurroundings,
  trans: TranslationBundle
): { form: wire.SubmitForm; problems: Problems } {
  const problems: { [field: string]: string } = {};
  const subject = readSubject(fields, problems, trans);
  const asked = readResources(fields, around, problems, trans);
  const words = [
    ...readValues(fields, around.arguments, problems, trans),
    ...readExtra(fields, problems, trans)
  ];
  const variables = readPairs(fields.variables, 'variables', problems, {
    bad: key => (/[=\s\0]/.test(key) ? trans.__('A name has no spaces and no “=”.') : null),
    nameless: trans.__('Name the variable.'),
    twice: trans.__('This variable is set twice.')
  });
  const tags = readPairs(fields.tags, 'tags', problems, {
    bad: () => null,
    nameless: trans.__('Name the tag.'),
    twice: trans.__('This tag is given twice.')
  });
  const experiment = fields.experiment.trim() || defaultExperiment(fields);
  if (!isExperimentName(experiment)) {
    problems.experiment = trans.__(
      'Use letters, digits, “_”, “-” and “.”, the first a letter or digit.'
    );
  }
  const form: wire.SubmitForm = {
    ...subject,
    ...asked,
    experiment,
    name: fields.name.trim() || null,
    arguments: words,
    variables,
    tags: Object.fromEntries(Object.entries(tags).map(([key, text]) => [key, text || null])),
    ...readEnvironment(fields, around, problems, trans)
  };
  return { form, problems };
}

type Noted = { [field: string]: string };

function readSubject(
  fields: IFields,
  problems: Noted,
  trans: TranslationBundle
): Partial<wire.SubmitForm> {
  const source = fields.source.trim().replace(/\/+$/, '');
  if (fields.kind === 'again') {
    return {};
  }
  if (fields.kind === 'code') {
    if (!fields.code.trim()) {
      problems.code = trans.__('Write the code of the run.');
    }
    return { code: fields.code, source: source || null };
  }
  const path = fields.path.trim();
  if (!path) {
    problems.path = trans.__('Choose a script or a notebook.');
  } else if (!/\.(py|ipynb)$/i.test(path)) {
    problems.path = trans.__('A run starts from a .py or an .ipynb file.');
  } else if (source && source !== '.' && !path.startsWith(`${source}/`)) {
    problems.source = trans.__('The script is not in this folder.');
  }
  return { path, source: source && source !== folderOf(path) ? source : null };
}

function readResources(
  fields: IFields,
  around: ISurroundings,
  problems: Noted,
  trans: TranslationBundle
): Partial<wire.SubmitForm> {
  const target = around.computes?.find(({ name }) => name === fields.compute);
  const has = target?.capacity;
  const counted = (field: 'cpus' | 'gpus', least: number, most: number | undefined) => {
    if (!fields[field].trim()) {
      return null;
    }
    const count = parseWhole(fields[field]);
    if (count === null || count < least) {
      problems[field] = trans.__('Use a whole number from %1 on.', least);
    } else if (most !== undefined && count > most) {
      problems[field] = most
        ? trans.__('%1 has only %2.', fields.compute, most)
        : trans.__('%1 has none.', fields.compute);
    }
    return count;
  };
  const memory = fields.memory.trim() ? parseSize(fields.memory) : null;
  if (fields.memory.trim() && !memory) {
    problems.memory = trans.__('Use a number with a unit: 512MB, 4GB.');
  } else if (memory && has && memory > has.memory_bytes) {
    problems.memory = trans.__(
      '%1 has only %2.',
      fields.compute,
      askedSize(trans, has.memory_bytes)
    );
  }
  const timeout = fields.timeout.trim() ? parseDuration(fields.timeout) : null;
  if (fields.timeout.trim() && timeout === null) {
    problems.timeout = trans.__('Use a number with s, m, h or d: 90s, 10m, 2h.');
  }
  const priority = fields.priority.trim() ? parseWhole(fields.priority) : 0;
  if (priority === null) {
    problems.priority = trans.__('Use a whole number; higher starts first.');
  }
  const retries = fields.retries.trim() ? parseWhole(fields.retries) : 0;
  if (retries === null || retries < 0) {
    problems.retries = trans.__('Use a whole number from %1 on.', 0);
  }
  return {
    compute: fields.compute,
    resources: {
      cpus: counted('cpus', 1, has?.cpus),
      gpus: counted('gpus', 0, has?.gpus.length) ?? 0,
      memory_bytes: memory
    },
    timeout_s: timeout,
    priority: priority ?? 0,
    retries: retries ?? 0
  };
}

function readValues(
  fields: IFields,
  choices: readonly wire.ArgumentChoice[],
  problems: Noted,
  trans: TranslationBundle
): string[] {
  const positional: string[] = [];
  const options: string[] = [];
  if (fields.kind !== 'file') {
    return [];
  }
  const joins = !isNotebook(fields.path);
  for (const choice of choices) {
    const text = fields.values[choice.name] ?? '';
    const note = (problem: string): void => {
      problems[`values.${choice.name}`] = problem;
    };
    if (choice.type === 'flag') {
      options.push(...(text ? [choice.name] : []));
      continue;
    }
    if (!text.trim()) {
      if (choice.required && !asked(fields.extra, choice)) {
        note(trans.__('The script requires this.'));
      }
      continue;
    }
    const words = choice.repeated ? split(text) : [text.trim()];
    if (!words) {
      note(trans.__('A quote is not closed.'));
      continue;
    }
    const wrong = words.find(word => !fits(word, choice.type));
    if (wrong !== undefined) {
      note(
        choice.type === 'int'
          ? trans.__('Use a whole number.')
          : trans.__('Use a number, such as 0.1 or 1e-3.')
      );
    }
    if (choice.positional) {
      positional.push(...words);
    } else if (joins && words.length === 1 && words[0].startsWith('-')) {
      options.push(`${choice.name}=${words[0]}`); // or argparse takes it for another option
    } else {
      options.push(choice.name, ...words);
    }
  }
  // An option with several values would swallow what has only its place.
  return [...positional, ...options];
}

/** Whether what is typed freely seems to give a required argument. */
function asked(extra: string, choice: wire.ArgumentChoice): boolean {
  const words = split(extra) ?? [];
  return choice.positional
    ? words.length > 0
    : words.some(word => word === choice.name || word.startsWith(`${choice.name}=`));
}

function fits(word: string, type: string): boolean {
  switch (type) {
    case 'int':
      return /^[+-]?\d+(_\d+)*$/.test(word);
    case 'float':
      return /^[+-]?((\d[\d_]*\.?\d*|\.\d+)(e[+-]?\d+)?|inf|infinity|nan)$/i.test(word);
    default:
      return true;
  }
}

function readExtra(fields: IFields, problems: Noted, trans: TranslationBundle): string[] {
  const words = split(fields.extra);
  if (!words) {
    problems.extra = trans.__('A quote is not closed.');
  }
  return words ?? [];
}

/** Rows of names and values as a record; what is wrong with a row is noted by its id. */
export function readPairs(
  pairs: readonly IPair[],
  field: string,
  problems: Noted,
  says: { bad: (key: string) => string | null; nameless: string; twice: string }
): { [key: string]: string } {
  const found = new Map<string, string>();
  for (const { id, key, value } of pairs) {
    const name = key.trim();
    if (!name && !value) {
      continue; // a row that is still empty
    }
    const problem = !name ? says.nameless : found.has(name) ? says.twice : says.bad(name);
    if (problem !== null) {
      problems[`${field}.${id}`] = problem;
    }
    found.set(name, value);
  }
  return Object.fromEntries(found);
}
