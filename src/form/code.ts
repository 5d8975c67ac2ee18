// A filled form as code that submits the same run.

import type * as wire from '../api/wire';
import { folderOf, fileName, writeDuration, writeSize } from './reading';

/** What the code has to be told because it runs elsewhere. */
export interface IPlace {
  /** Jupyter's root folder, which the file browser's paths start from; may begin with `~`. */
  root: string;
  /** The workspace that the form submits to. */
  workspace: Pick<wire.WorkspaceInfo, 'directory' | 'default'>;
  /** The Python that the code is taken to run in; a run without further words uses the same. */
  interpreter: string | null;
}

/** What a form asks for and a magic has no words for. */
export type Lack = 'tags' | 'interpreter' | 'workspace' | 'line breaks';

/**
 * The `%%train` cell, or the `%train` line; and what it does not say.
 *
 * References
 * ----------
 * A magic's line is read by shlex, after IPython has put variables in place of `$name` and
 * `{expression}`: IPython.utils.text.DollarFormatter.
 */
export function asMagic(form: wire.SubmitForm, place: IPlace): { text: string; lacks: Lack[] } {
  const { path, code, source } = form;
  const words = path ? ['%train', wholePath(path, place.root)] : ['%%train'];
  const option = (name: string, value: string | number | null | undefined): void => {
    if (value !== null && value !== undefined) {
      const text = String(value);
      words.push(...(/^-/.test(text) || !text ? [`${name}=${text}`] : [name, text]));
    }
  };
  option('--name', form.name);
  option('--experiment', form.experiment);
  option('--compute', form.compute === 'local' ? null : form.compute);
  option('--env', form.environment);
  option('--image', form.image);
  for (const requirement of form.packages ?? []) {
    option('--pip', requirement);
  }
  const asked = form.resources;
  option('--cpus', asked?.cpus);
  option('--gpus', asked?.gpus || null);
  option('--memory', asked?.memory_bytes ? writeSize(asked.memory_bytes) : null);
  for (const [name, value] of Object.entries(form.variables ?? {})) {
    option('--env', `${name}=${value}`);
  }
  const tags = Object.entries(form.tags ?? {});
  for (const [name, value] of tags) {
    option('--tag', value === null ? name : `${name}=${value}`);
  }
  option(
    '--source',
    source === null || source === undefined ? null : wholePath(source, place.root)
  );
  option('--timeout', form.timeout_s ? writeDuration(form.timeout_s) : null);
  option('--priority', form.priority || null);
  option('--retries', form.retries || null);
  words.push(...(form.force ? ['--force'] : []));
  words.push(...(form.arguments?.length ? ['--', ...form.arguments] : []));
  const lacks: Lack[] = [];
  if (tags.some(([name]) => name.includes('='))) {
    lacks.push('tags');
  }
  if (otherPython(form, place) !== null) {
    lacks.push('interpreter');
  }
  if (!place.workspace.default) {
    lacks.push('workspace');
  }
  if (words.some(word => /[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/.test(word))) {
    lacks.push('line breaks');
  }
  const line = words.map(magicWord).join(' ');
  return { text: path ? line : `${line}\n${code ?? ''}`, lacks };
}

/** The Python; `null` for a text that is in no file yet. */
export function asPython(form: wire.SubmitForm, place: IPlace): string | null {
  if (!form.path) {
    return null;
  }
  const folder = form.source ?? folderOf(form.path);
  const asked = form.resources;
  const resources = [
    ...(asked?.cpus ? [`cpus=${asked.cpus}`] : []),
    ...(asked?.gpus ? [`gpus=${asked.gpus}`] : []),
    ...(asked?.memory_bytes ? [`memory_bytes=${pythonBytes(asked.memory_bytes)}`] : [])
  ];
  const variables = Object.entries(form.variables ?? {});
  const tags = Object.entries(form.tags ?? {});
  const words = (form.arguments ?? []).map(pythonString);
  const environment = environmentCode(form, place);
  const config = [
    `source_directory=${pythonString(wholePath(folder, place.root))},`,
    `script=${pythonString(scriptIn(form.path, folder))},`,
    ...(words.length ? [`arguments=[${words.join(', ')}],`] : []),
    `compute_target=${pythonString(form.compute ?? 'local')},`,
    ...(environment.lines.length ? ['environment=environment,'] : []),
    ...(form.timeout_s ? [`max_run_duration_seconds=${form.timeout_s},`] : []),
    ...(resources.length ? [`resources=Resources(${resources.join(', ')}),`] : []),
    ...(form.name ? [`name=${pythonString(form.name)},`] : [])
  ];
  const names = [...environment.imports, 'Experiment', 'ScriptRunConfig', 'Workspace'];
  const given = [
    ...(tags.length ? [`tags=${pythonDict(tags)}`] : []),
    ...(form.force ? ['force=True'] : [])
  ];
  const where = place.workspace.default
    ? 'Workspace.default()'
    : `Workspace.at(${pythonString(place.workspace.directory)})`;
  return [
    `from jupyter_mltrain import ${names.join(', ')}`,
    ...(resources.length ? ['from jupyter_mltrain.spec import Resources'] : []),
    '',
    `ws = ${where}`,
    ...environment.lines,
    'config = ScriptRunConfig(',
    ...config.map(line => `    ${line}`),
    ')',
    ...(variables.length
      ? [`config.run_config.environment_variables = ${pythonDict(variables)}`]
      : []),
    ...(form.priority ? [`config.run_config.priority = ${form.priority}`] : []),
    ...(form.retries ? [`config.run_config.retries = ${form.retries}`] : []),
    `run = Experiment(ws, ${pythonString(form.experiment ?? '')}).submit(${['config', ...given].join(', ')})`,
    ''
  ].join('\n');
}

/** What makes `environment`, and what that needs; nothing where the caller's Python is meant. */
function environmentCode(
  form: wire.SubmitForm,
  place: IPlace
): { imports: string[]; lines: string[] } {
  const imports = ['Environment'];
  const { image } = form;
  const packages = form.packages ?? [];
  if (form.environment) {
    const words = form.environment.split(':').map(pythonString);
    return {
      imports,
      lines: [`environment = Environment.get(${['ws', ...words].join(', ')})`]
    };
  }
  if (image || packages.length) {
    const name = pythonString(nameOf(image ?? packages[0]));
    const made = packages.map(pythonString).join(', ');
    return {
      imports: [...(made ? ['CondaDependencies'] : []), ...imports],
      lines: [
        image
          ? `environment = Environment.from_docker_image(${name}, ${pythonString(image)})`
          : `environment = Environment(${name})`,
        ...(made
          ? [
              ...(image ? ['environment.python.user_managed_dependencies = False'] : []),
              `environment.python.conda_dependencies = CondaDependencies.create(pip_packages=[${made}])`
            ]
          : [])
      ]
    };
  }
  const python = otherPython(form, place);
  return python === null
    ? { imports: [], lines: [] }
    : {
        imports,
        lines: [
          `environment = Environment(${pythonString(fileName(python))})`,
          'environment.python.user_managed_dependencies = True',
          `environment.python.interpreter_path = ${pythonString(python)}`
        ]
      };
}

/** Names of environments that come with mltrain. */
const RESERVED = /^(azureml-|mltrain-|(current|python|pytorch|sklearn|tensorflow)$)/i;

/** A name for an environment of an image, or of a package: what it is called without its version. */
function nameOf(given: string): string {
  const last = fileName(given.replace(/@.*$/s, '')).replace(/[:[<>=!~;\s].*$/s, '');
  const name = last.replace(/[^A-Za-z0-9_.-]+/g, '-').replace(/^[-._]+/, '') || 'unnamed';
  return RESERVED.test(name) ? `my-${name}` : name;
}

function otherPython(form: wire.SubmitForm, place: IPlace): string | null {
  const asked = form.interpreter ?? null;
  return asked === place.interpreter ? null : asked;
}

/** A word of a magic's line that means itself, whatever is in it. */
export function magicWord(word: string): string {
  if (/^[\w@%+=:,./~-]+$/.test(word)) {
    return word;
  }
  // A `$` before a quote is no variable; a brace that is doubled is one brace.
  const inner = word.replace(/'/g, `'"'"'`).replace(/\$/g, `$&''`);
  return `'${inner}'`.replace(/[{}]/g, '$&$&');
}

/** A Python string literal. */
export function pythonString(text: string): string {
  // What would not show, or would turn the line around, is written by number.
  return JSON.stringify(text).replace(
    /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
    char => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
  );
}

function pythonDict(entries: readonly [string, string | null][]): string {
  const items = entries.map(
    ([key, value]) => `${pythonString(key)}: ${value === null ? 'None' : pythonString(value)}`
  );
  return `{${items.join(', ')}}`;
}

function pythonBytes(bytes: number): string {
  for (const power of [4, 3, 2]) {
    if (bytes % 1_024 ** power === 0) {
      return `${bytes / 1_024 ** power} * 1024**${power}`;
    }
  }
  return String(bytes);
}

/** A path of the file browser as the server's machine knows it. */
function wholePath(path: string, root: string): string {
  const plain = path === '.' ? '' : path;
  if (!root) {
    return plain ? `./${plain}` : '.';
  }
  return plain ? `${root.replace(/\/+$/, '')}/${plain}` : root;
}

function scriptIn(path: string, folder: string): string {
  return folder && folder !== '.' ? path.slice(folder.length + 1) : path;
}
