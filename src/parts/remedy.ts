import type { TranslationBundle } from '@jupyterlab/translation';

import type * as wire from '../api/wire';
import { missingPackages } from './environments';
import { askedSize, runLabel } from './words';

/** How a run is done again: as it was, or with what it failed for lack of. */
export interface IRemedy {
  /** What the button says. */
  label: string;
  /** The same for those who do not see of which run it is. */
  name: string;
  changes: wire.AgainRequest | null;
}

/** What to do again, as far as the record tells. */
export function remedyOf(trans: TranslationBundle, run: wire.Run): IRemedy {
  const memory = moreMemory(run);
  const label = runLabel(run);
  if (memory !== null) {
    return {
      label: trans.__('Run again with %1', askedSize(trans, memory)),
      name: trans.__('Run %1 again with %2', label, askedSize(trans, memory)),
      changes: { resources: { ...run.spec.resources, memory_bytes: memory } }
    };
  }
  const packages = missingPackages(run);
  if (packages.length) {
    return {
      label:
        packages.length > 1
          ? trans.__('Add them and run again')
          : trans.__('Add it and run again'),
      name: trans.__('Add %1 to the environment and run %2 again', packages.join(', '), label),
      changes: { packages }
    };
  }
  return {
    label: trans.__('Run again'),
    name: trans.__('Run %1 again', label),
    changes: null
  };
}

/** Twice the memory of a run that had not enough; `null` where that is no remedy. */
function moreMemory(run: wire.Run): number | null {
  const limit = run.spec.resources.memory_bytes;
  return run.state === 'Failed' && run.exit?.cause === 'memory' && limit ? 2 * limit : null;
}
