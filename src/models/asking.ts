import type { TranslationBundle } from '@jupyterlab/translation';

import type * as wire from '../api/wire';
import { sure } from '../parts/sure';
import { shown, size } from '../parts/words';
import { fileCount, modelLabel } from './naming';

/** Ask once before a version of a model is deleted; `count` is how many there are. */
export function mayDeleteModel(
  trans: TranslationBundle,
  model: wire.Model,
  count: number
): Promise<boolean> {
  const files = trans._n('%1 file', '%1 files', fileCount(model));
  return sure({
    title: trans.__(
      'Delete %1 and its %2, %3?',
      shown(modelLabel(model)),
      files,
      size(trans, model.size_bytes)
    ),
    body:
      count > 1
        ? trans._n(
            'The files cannot be brought back. The other version stays.',
            'The files cannot be brought back. The other %1 versions stay.',
            count - 1
          )
        : trans.__('The files cannot be brought back. It is the only version of this model.'),
    keep: trans.__('Keep'),
    button: trans.__('Delete version')
  });
}
