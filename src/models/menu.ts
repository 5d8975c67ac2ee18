import type { ReadonlyJSONObject } from '@lumino/coreutils';

import type * as wire from '../api/wire';
import type { Entry } from '../parts/menu';
import { COMMANDS } from './names';

/** What the commands are told of a version of a model. */
export function argsOf(
  workspace: string,
  { name, version, run_id }: Pick<wire.Model, 'name' | 'version' | 'run_id'>
): ReadonlyJSONObject {
  return { workspace, model: name, version, ...(run_id === null ? {} : { run: run_id }) };
}

/** What can be done with a version of a model. */
export function entriesOf(args: ReadonlyJSONObject, from: 'page' | 'sidebar'): Entry[] {
  return [
    ...(from === 'sidebar'
      ? [[COMMANDS.open, args] as const, [COMMANDS.download, args] as const, null]
      : []),
    [COMMANDS.copyName, args],
    [COMMANDS.copyCode, args],
    ...('run' in args ? [null, ['mltrain:open-run', args] as const] : []),
    null,
    [COMMANDS.remove, args]
  ];
}
