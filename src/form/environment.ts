import type { TranslationBundle } from '@jupyterlab/translation';

import type * as wire from '../api/wire';
import { split } from '../parts/shell';
import type { IFields, ISurroundings } from './fields';

/** What the run executes in; what is wrong with it is noted by its field. */
export function readEnvironment(
  fields: IFields,
  around: ISurroundings,
  problems: { [field: string]: string },
  trans: TranslationBundle
): Partial<wire.SubmitForm> {
  const [kind, name] = chosenEnvironment(fields.environment);
  switch (kind) {
    case 'python':
      return { interpreter: name || defaultPython(around.pythons) };
    case 'named':
      return { environment: name };
    case 'image':
    case 'packages': {
      const image = fields.image.trim();
      const packages = split(fields.packages);
      if (kind === 'image' && (!image || /\s/.test(image))) {
        problems.image = image
          ? trans.__('The name of an image has no spaces.')
          : trans.__('Name an image, such as python:3.11-slim.');
      }
      if (!packages) {
        problems.packages = trans.__('A quote is not closed.');
      } else if (kind === 'packages' && packages.length === 0) {
        problems.packages = trans.__('Name a package, such as scikit-learn.');
      }
      return { ...(kind === 'image' ? { image } : {}), packages: packages ?? [] };
    }
  }
}

/** What kind of environment is chosen, and which. */
function chosenEnvironment(
  choice: string
): ['python' | 'named' | 'image' | 'packages', string] {
  const [, kind, name] = /^(python|named):(.*)$/s.exec(choice) ?? [];
  if (kind === 'python' || kind === 'named') {
    return [kind, name];
  }
  return [choice === 'image' || choice === 'packages' ? choice : 'python', ''];
}

/** The interpreter that is meant when none is chosen. */
export function defaultPython(pythons: readonly wire.PythonInfo[]): string | null {
  return pythons.find(python => python.default)?.interpreter ?? null;
}
