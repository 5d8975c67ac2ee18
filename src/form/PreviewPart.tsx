import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { shown, size } from '../parts/words';
import type { IFormState } from './model';

const SHOWN = 8;

/** What a submit would ship, and what the checks say. */
export function PreviewPart(props: {
  state: IFormState;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { state, trans } = props;
  const { preview, previewing, unpreviewed } = state;
  return (
    <section
      className="jp-mltrain-Preview"
      aria-label={trans.__('What travels')}
      aria-busy={previewing}
    >
      <h3 className="jp-mltrain-Form-title">{trans.__('What travels')}</h3>
      {preview ? (
        <>
          <Sentences
            kind="error"
            texts={preview.errors.filter(text => text !== state.refusal)}
          />
          <Sentences kind="warning" texts={preview.warnings} />
          <p className="jp-mltrain-Preview-total">
            {trans._n('%1 file', '%1 files', preview.total)}, {size(trans, preview.total_bytes)}
          </p>
          <table className="jp-mltrain-Preview-files">
            <tbody>
              {preview.files.slice(0, SHOWN).map(file => (
                <tr key={file.name}>
                  <td>{shown(file.name)}</td>
                  <td>{size(trans, file.size_bytes)}</td>
                </tr>
              ))}
            </tbody>
          </table>
          {preview.total > SHOWN && preview.files.length > SHOWN && (
            <p className="jp-mltrain-Preview-more">
              {trans._n('and %1 smaller one', 'and %1 smaller ones', preview.total - SHOWN)}
            </p>
          )}
          {preview.ignored_total > 0 && (
            <details className="jp-mltrain-Preview-ignored">
              <summary>
                {trans._n(
                  '%1 path stays behind',
                  '%1 paths stay behind',
                  preview.ignored_total
                )}
              </summary>
              <ul>
                {preview.ignored.map(path => (
                  <li key={path}>{shown(path)}</li>
                ))}
                {preview.ignored_total > preview.ignored.length && (
                  <li>
                    {trans.__('and %1 more', preview.ignored_total - preview.ignored.length)}
                  </li>
                )}
              </ul>
            </details>
          )}
        </>
      ) : unpreviewed !== null ? (
        <Sentences kind="error" texts={[unpreviewed]} />
      ) : previewing ? (
        <div className="jp-mltrain-Skeleton" aria-hidden="true">
          <span />
          <span />
          <span />
        </div>
      ) : (
        <p className="jp-mltrain-Preview-more">
          {trans.__('The files that a run takes with it are listed here.')}
        </p>
      )}
    </section>
  );
}

function Sentences(props: {
  kind: 'error' | 'warning';
  texts: readonly string[];
}): React.JSX.Element | null {
  return props.texts.length ? (
    <ul className="jp-mltrain-Form-sentences" data-kind={props.kind}>
      {props.texts.map((text, index) => (
        <li key={index}>{text}</li>
      ))}
    </ul>
  ) : null;
}
