// What is asked before something is deleted: by name, and by what is lost.

import { Notification } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';

import type * as wire from '../api/wire';
import { fullName } from '../parts/environments';
import { sure } from '../parts/sure';
import { shown, size } from '../parts/words';
import type { IVerbs } from '../tokens';

/** Builds that a question names. */
const NAMED = 5;

/** Ask once before an environment is deleted. */
export function mayDeleteEnvironment(
  trans: TranslationBundle,
  details: wire.EnvironmentDetails
): Promise<boolean> {
  const name = shown(details.name);
  const count = details.versions.length;
  return sure({
    title:
      count > 1
        ? trans.__('Delete %1 and its %2 versions?', name, count)
        : trans.__('Delete %1?', name),
    body: trans.__(
      'The description cannot be brought back. Runs keep what they ran in; what was built for it stays until space is reclaimed.'
    ),
    keep: trans.__('Keep'),
    button: trans.__('Delete environment')
  });
}

/** Ask once, naming what goes, before what nothing needs is deleted; say what that gave. */
export async function reclaimed(trans: TranslationBundle, verbs: IVerbs): Promise<void> {
  const report = await verbs.reclaim({ dry_run: true });
  if (report.builds.length === 0) {
    Notification.info(trans.__('There is nothing to reclaim: every build is needed.'), {
      autoClose: 5_000
    });
    return;
  }
  const amount = size(trans, report.freed_bytes);
  const names = report.builds.slice(0, NAMED).map(fullName).join(', ');
  const named =
    report.builds.length > NAMED
      ? trans.__('%1 and %2 more', names, report.builds.length - NAMED)
      : names;
  const isSure = await sure({
    title: trans.__('Reclaim %1?', amount),
    body: trans.__(
      'Deleted is what was built for %1. The next run that needs it builds it again.',
      named
    ),
    keep: trans.__('Keep'),
    button: trans._n('Delete %1 build', 'Delete %1 builds', report.builds.length)
  });
  if (isSure) {
    const { freed_bytes, problems } = await verbs.reclaim({ dry_run: false });
    Notification.info(trans.__('%1 reclaimed.', size(trans, freed_bytes)), {
      autoClose: 5_000
    });
    problems.forEach(problem => Notification.warning(shown(problem)));
  }
}
