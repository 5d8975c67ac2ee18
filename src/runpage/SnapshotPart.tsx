import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type * as wire from '../api/wire';
import { useLoaded } from '../parts/useloaded';
import { shown, size } from '../parts/words';
import type { IVerbs } from '../tokens';
import { Part } from './facts';
import { PreviewBody } from './FilePreview';
import { preview } from './preview';

/** Files per request. */
const PAGE = 200;

/** The files that were shipped, and what is in the one that is chosen: at first, the script. */
export function SnapshotPart(props: {
  verbs: IVerbs;
  run: wire.Run;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { verbs, run, trans } = props;
  const [limit, setLimit] = React.useState(PAGE);
  const [chosen, setChosen] = React.useState(run.spec.script);
  const files = useLoaded(`${run.id} ${limit}`, () => verbs.snapshot(run.id, { limit }));
  const text = useLoaded(`${run.id} ${chosen}`, async () => ({
    name: chosen,
    preview: await preview(
      bytes => verbs.readSnapshotFile(run.id, chosen, bytes),
      // A script is shown as it is written, a notebook as what it holds.
      chosen,
      files.value?.files.find(({ name }) => name === chosen)?.size_bytes ?? 0
    )
  }));
  const page = files.value;
  return (
    <Part title={trans.__('Snapshot')}>
      {page && (
        <p className="jp-mltrain-RunPage-note">
          {trans._n('%1 file', '%1 files', page.total)}, {size(trans, page.total_bytes)}
        </p>
      )}
      <div className="jp-mltrain-Details-snapshot">
        <div className="jp-mltrain-Details-shipped">
          {files.problem !== null && <p className="jp-mltrain-RunPage-note">{files.problem}</p>}
          <ul aria-label={trans.__('Files of the snapshot')}>
            {page?.files.map(file => (
              <li key={file.name}>
                <button
                  type="button"
                  aria-pressed={file.name === chosen}
                  title={shown(file.name)}
                  onClick={() => setChosen(file.name)}
                >
                  <span>{shown(file.name)}</span>
                  <span className="jp-mltrain-Files-size">{size(trans, file.size_bytes)}</span>
                </button>
              </li>
            ))}
          </ul>
          {page?.next_after && (
            <button
              type="button"
              className="jp-mltrain-Button"
              onClick={() => setLimit(page.files.length + 5 * PAGE)}
            >
              {trans.__('Show more of %1', page.total)}
            </button>
          )}
        </div>
        <div
          className="jp-mltrain-Details-source"
          role="region"
          aria-label={shown(chosen)}
          tabIndex={0}
        >
          {text.problem !== null ? (
            <p className="jp-mltrain-RunPage-note">{text.problem}</p>
          ) : text.value ? (
            <PreviewBody
              preview={text.value.preview}
              name={shown(text.value.name)}
              trans={trans}
            />
          ) : null}
        </div>
      </div>
    </Part>
  );
}
