import type { TranslationBundle } from '@jupyterlab/translation';
import { downloadIcon, ellipsesIcon, runIcon, stopIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import type * as wire from '../api/wire';
import { remedyOf } from '../parts/remedy';
import { StateIcon } from '../parts/stateicon';
import { Age, Elapsed } from '../parts/times';
import {
  attemptWords,
  canCancel,
  canceledReason,
  canRepeat,
  isFinal,
  isInteractive,
  place,
  runLabel,
  shown,
  stateWord
} from '../parts/words';

export interface IHeaderProps {
  run: wire.Run;
  /** The run was deleted: nothing can be done with it. */
  gone: boolean;
  /** Where all its files can be downloaded. */
  zipUrl: string;
  trans: TranslationBundle;
  onCancel: () => void;
  onAgain: (changes: wire.AgainRequest | null) => void;
  /** Open the menu of what else can be done, below an element. */
  onMenu: (below: HTMLElement) => void;
}

/** What a run is, how it is, why, and what can be done with it. */
export function Header(props: IHeaderProps): React.JSX.Element {
  const { run, gone, trans } = props;
  const label = runLabel(run);
  const word = stateWord(trans, run.state);
  const why = reason(run);
  const remedy = remedyOf(trans, run);
  const isOpen = isInteractive(run);
  return (
    <div className="jp-mltrain-RunHeader" data-state={run.state}>
      <div className="jp-mltrain-RunHeader-line">
        <StateIcon state={run.state} />
        <span className="jp-mltrain-RunHeader-state">{word}</span>
        <h2 className="jp-mltrain-RunHeader-label" title={label}>
          {label}
        </h2>
        <span className="jp-mltrain-RunHeader-facts">
          <Elapsed run={run} />
          {run.attempt > 1 && <span>{trans.__('attempt %1', attemptWords(trans, run))}</span>}
          <span>{place(trans, run)}</span>
          <span>{shown(run.spec.experiment)}</span>
          {run.ended_at !== null && <Age at={run.ended_at} trans={trans} />}
        </span>
        {!gone && (
          <div className="jp-mltrain-RunHeader-buttons">
            {run.parent_id === null && canCancel(run) && (
              <button
                type="button"
                className="jp-mltrain-Button"
                aria-label={
                  isOpen ? trans.__('End run %1', label) : trans.__('Cancel run %1', label)
                }
                title={isOpen ? trans.__('End the run; the notebook goes on') : undefined}
                onClick={props.onCancel}
              >
                <stopIcon.react tag="span" width="14px" height="14px" />
                {isOpen ? trans.__('End') : trans.__('Cancel')}
              </button>
            )}
            {canRepeat(run) && isFinal(run) && (
              <button
                type="button"
                className="jp-mltrain-Button"
                aria-label={remedy.name}
                onClick={() => props.onAgain(remedy.changes)}
              >
                <runIcon.react tag="span" width="14px" height="14px" />
                {remedy.label}
              </button>
            )}
            <a
              className="jp-mltrain-Button"
              href={props.zipUrl}
              download=""
              aria-label={trans.__('Download all files of %1 as a zip', label)}
            >
              <downloadIcon.react tag="span" width="14px" height="14px" />
              {trans.__('Download all')}
            </a>
            <button
              type="button"
              className="jp-mltrain-Button"
              aria-label={trans.__('More to do with run %1', label)}
              aria-haspopup="menu"
              onClick={event => props.onMenu(event.currentTarget)}
            >
              <ellipsesIcon.react tag="span" width="14px" height="14px" />
            </button>
          </div>
        )}
      </div>
      {why && (
        <p className="jp-mltrain-RunHeader-reason">
          {why}
          {run.advice !== null && (
            <span className="jp-mltrain-RunHeader-advice"> {run.advice}</span>
          )}
        </p>
      )}
      <p className="jp-mltrain-Unseen" role="status">
        {trans.__('%1: %2', label, word)}
      </p>
    </div>
  );
}

/** Why the run is as it is, where the state's name does not say it. */
function reason(run: wire.Run): string {
  switch (run.state) {
    case 'Running':
    case 'Completed':
      return '';
    case 'Canceled':
    case 'CancelRequested':
      return canceledReason(run);
    default:
      return run.reason;
  }
}
