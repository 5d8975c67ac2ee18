import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { runLabel, shown } from '../parts/words';
import type { IPlace } from './code';
import { CodePart } from './CodePart';
import type { IFields } from './fields';
import type { IFormState } from './model';
import { PreviewPart } from './PreviewPart';
import { Arguments, Limits, Naming, Subject, Where } from './sections';

export interface IFormViewProps {
  /** Unique on the page. */
  id: string;
  state: IFormState;
  place: IPlace;
  /** Scripts and folders that the path may go on with. */
  completions: readonly string[];
  trans: TranslationBundle;
  onFill: (fields: Partial<IFields>) => void;
  onChoose: (workspaceId: string) => void;
  onSubmit: (force: boolean) => void;
  onCopy: (text: string) => void;
  /** Let the user look for a file or folder; `null` where there is no file browser. */
  onBrowse: ((what: 'path' | 'source') => void) | null;
}

/** The form of a new run, or of one to be done again with changes. */
export function FormView(props: IFormViewProps): React.JSX.Element {
  const { state, trans } = props;
  const { base, fields, refusal } = state;
  return (
    <form
      className="jp-mltrain-Form"
      aria-label={trans.__('New run')}
      noValidate
      onSubmit={event => {
        event.preventDefault();
        props.onSubmit(false);
      }}
    >
      <h2 className="jp-mltrain-Form-heading">
        {base ? trans.__('Run %1 again', runLabel(base)) : trans.__('New run')}
      </h2>
      {state.problem !== null && <p className="jp-mltrain-Form-refusal">{state.problem}</p>}
      <div role="alert">
        {refusal !== null && <p className="jp-mltrain-Form-refusal">{refusal}</p>}
      </div>
      <div className="jp-mltrain-Form-columns">
        <div className="jp-mltrain-Form-main">
          {!base && <Subject {...props} />}
          <Where {...props} />
          <Arguments {...props} />
          <Naming {...props} />
          <Limits {...props} />
        </div>
        <div className="jp-mltrain-Form-aside">
          {base ? (
            <p className="jp-mltrain-Field-help">
              {trans.__(
                'The files are those of %1, as they were when it was submitted.',
                runLabel(base)
              )}
            </p>
          ) : (
            <>
              <PreviewPart state={state} trans={trans} />
              <CodePart {...props} />
            </>
          )}
        </div>
      </div>
      <div className="jp-mltrain-Form-foot">
        <button
          type="submit"
          className="jp-mod-styled jp-mod-accept"
          aria-disabled={state.sending || state.workspaceId === null}
        >
          {state.sending ? trans.__('Submitting …') : trans.__('Submit run')}
        </button>
        {(state.forcible || (state.preview?.errors.length ?? 0) > 0) && (
          <button
            type="button"
            className="jp-mod-styled jp-mod-reject"
            aria-disabled={state.sending}
            title={trans.__('Skip the checks before it is queued')}
            onClick={() => props.onSubmit(true)}
          >
            {trans.__('Submit anyway')}
          </button>
        )}
        {fields.kind !== 'again' && state.workspaces.length > 1 && (
          <label className="jp-mltrain-Form-workspace">
            {trans.__('in')}{' '}
            <select
              className="jp-mod-styled"
              aria-label={trans.__('Workspace')}
              value={state.workspaceId ?? ''}
              onChange={event => props.onChoose(event.target.value)}
            >
              {state.workspaces.map(({ id, name }) => (
                <option key={id} value={id}>
                  {shown(name)}
                </option>
              ))}
            </select>
          </label>
        )}
      </div>
    </form>
  );
}
