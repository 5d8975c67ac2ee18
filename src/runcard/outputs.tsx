import type { TranslationBundle } from '@jupyterlab/translation';
import { downloadIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import { shown, size } from '../parts/words';
import type { CardModel } from './model';

/** So many files a card names. */
const NAMED = 4;

/** What the run has kept, to be downloaded. */
export function CardOutputs(props: {
  model: CardModel;
  trans: TranslationBundle;
}): React.JSX.Element | null {
  const { model, trans } = props;
  const { outputs, run } = model;
  if (!outputs?.total) {
    return null;
  }
  const verbs = model.live ? model.workspace?.verbs : undefined;
  const summary = trans._n(
    '%1 output, %2',
    '%1 outputs, %2',
    outputs.total,
    size(trans, outputs.totalBytes)
  );
  return (
    <div className="jp-mltrain-RunCard-outputs">
      {outputs.total > 1 && <span className="jp-mltrain-RunCard-summary">{summary}</span>}
      <ul className="jp-mltrain-RunCard-files" aria-label={summary}>
        {outputs.files.slice(0, NAMED).map(file => {
          const name = shown(file.name.replace(/^outputs\//, ''));
          const words = (
            <>
              <span className="jp-mltrain-RunCard-file">{name}</span>
              <span className="jp-mltrain-RunCard-size">{size(trans, file.size_bytes)}</span>
            </>
          );
          return (
            <li key={file.name}>
              {verbs ? (
                <a
                  className="jp-mltrain-RunCard-download"
                  href={verbs.fileUrl(run.id, file.name)}
                  download=""
                  aria-label={trans.__('Download %1, %2', name, size(trans, file.size_bytes))}
                >
                  {words}
                  <downloadIcon.react tag={null} width="14px" height="14px" />
                </a>
              ) : (
                words
              )}
            </li>
          );
        })}
      </ul>
      {verbs && outputs.total > 1 && (
        <a
          className="jp-mltrain-RunCard-download"
          href={verbs.zipUrl(run.id, 'outputs/')}
          download=""
          aria-label={trans.__('Download all outputs as zip')}
        >
          {trans.__('all')}
          <downloadIcon.react tag={null} width="14px" height="14px" />
        </a>
      )}
    </div>
  );
}
