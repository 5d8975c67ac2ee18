import type { TranslationBundle } from '@jupyterlab/translation';

import type * as wire from '../api/wire';
import { words } from '../parts';
import { sure } from '../parts/sure';
import type { IVerbs } from '../tokens';

/** What goes with runs that are deleted. */
export interface ILoss {
  files: number;
  bytes: number;
}

/** Runs that are counted, or deleted, at once. */
const AT_ONCE = 6;

/** Labels that a question names. */
const NAMED = 5;

/** Do something with each run, a few at a time; the results are in the order of the runs. */
export async function forEach<T>(
  runIds: readonly string[],
  act: (runId: string) => Promise<T>
): Promise<PromiseSettledResult<T>[]> {
  const results: PromiseSettledResult<T>[] = [];
  for (let from = 0; from < runIds.length; from += AT_ONCE) {
    results.push(...(await Promise.allSettled(runIds.slice(from, from + AT_ONCE).map(act))));
  }
  return results;
}

/** Count what would be lost; `null` when it cannot be counted. */
export async function lossOf(verbs: IVerbs, runIds: readonly string[]): Promise<ILoss | null> {
  const loss = { files: 0, bytes: 0 };
  for (const result of await forEach(runIds, id => verbs.files(id, { limit: 1 }))) {
    if (result.status === 'rejected') {
      return null;
    }
    loss.files += result.value.total;
    loss.bytes += result.value.total_bytes;
  }
  return loss;
}

/** The question in words: what is deleted, and what is lost with it. */
export function question(
  trans: TranslationBundle,
  runs: readonly wire.Run[],
  count: number,
  loss: ILoss | null
): { title: string; body: string; button: string } {
  const files = loss && trans._n('%1 file', '%1 files', loss.files);
  const size = loss && words.size(trans, loss.bytes);
  const noWayBack = trans.__('Logs, metrics and outputs cannot be brought back.');
  if (count === 1 && runs.length === 1) {
    const label = words.runLabel(runs[0]);
    return {
      title:
        files && size
          ? trans.__('Delete %1 and its %2, %3?', label, files, size)
          : trans.__('Delete %1?', label),
      body: noWayBack,
      button: trans.__('Delete run')
    };
  }
  const labels = runs.slice(0, NAMED).map(words.runLabel).join(', ');
  const named = count > NAMED ? trans.__('%1 and %2 more', labels, count - NAMED) : labels;
  return {
    title:
      files && size
        ? trans._n(
            'Delete %1 run and its %2, %3?',
            'Delete %1 runs and their %2, %3?',
            count,
            files,
            size
          )
        : trans._n('Delete %1 run?', 'Delete %1 runs?', count),
    body: named ? trans.__('%1. %2', named, noWayBack) : noWayBack,
    button: trans._n('Delete %1 run', 'Delete %1 runs', count)
  };
}

/** Ask once before runs are deleted. */
export function mayDelete(
  trans: TranslationBundle,
  runs: readonly wire.Run[],
  count: number,
  loss: ILoss | null
): Promise<boolean> {
  return sure({ ...question(trans, runs, count, loss), keep: trans.__('Keep') });
}
