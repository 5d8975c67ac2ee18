import type * as wire from '../api/wire';
import { isOutput } from '../parts/words';
import type { IVerbs } from '../tokens';

/** So many files are looked at; of a run with more, those below `outputs/` are counted. */
const FILES = 200;

/** What a run has kept. */
export interface IOutputs {
  /** The first ones. */
  files: readonly wire.RunFile[];
  total: number;
  totalBytes: number;
}

/** The outputs among all the files of a run. */
export function outputsOf(files: readonly wire.RunFile[]): IOutputs {
  const kept = files.filter(isOutput);
  const totalBytes = kept.reduce((sum, file) => sum + file.size_bytes, 0);
  return { files: kept, total: kept.length, totalBytes };
}

/** Ask for a run's outputs. Rejects with an `ApiError`. */
export async function loadOutputs(verbs: IVerbs, runId: string): Promise<IOutputs> {
  const all = await verbs.files(runId, { limit: FILES });
  if (all.next_after === null) {
    return outputsOf(all.files);
  }
  const page = await verbs.files(runId, { prefix: 'outputs/', limit: FILES });
  return { files: page.files, total: page.total, totalBytes: page.total_bytes };
}
