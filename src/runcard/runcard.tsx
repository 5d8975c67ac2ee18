import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type * as wire from '../api/wire';
import { LogView } from '../log';
import { StateIcon } from '../parts/stateicon';
import { Elapsed } from '../parts/times';
import { useSignal } from '../parts/usesignal';
import { isFinal, place, runLabel, shown, stateWord } from '../parts/words';
import { CardActions } from './actions';
import { factsOf } from './facts';
import { CardMetrics, MetricValues } from './metrics';
import type { CardModel } from './model';
import { CardOutputs } from './outputs';

/** What can be done with a run. */
export interface ICardDeeds {
  cancel(): void;
  /** As it was, or with what it failed for lack of. */
  again(changes: wire.AgainRequest | null): void;
  openRun(): void;
  /** What is seldom wanted, at a place of the page. */
  menu(x: number, y: number): void;
}

export interface IRunCardProps {
  model: CardModel;
  deeds: ICardDeeds;
  trans: TranslationBundle;
}

/** A run as the output of the cell that made it. */
export function RunCard(props: IRunCardProps): React.JSX.Element {
  const { deeds, model, trans } = props;
  useSignal(model.changed);
  const { canceling, note, repeats, run } = model;
  const state = canceling ? 'CancelRequested' : run.state;
  const final = isFinal(run);
  const label = runLabel(run);
  return (
    <section
      className="jp-mltrain-RunCard"
      data-state={state}
      data-final={final}
      data-mltrain-workspace={run.workspace_id}
      data-mltrain-run={run.id}
      aria-label={trans.__('Run %1', label)}
    >
      <header className="jp-mltrain-RunCard-header">
        <span className="jp-mltrain-RunCard-title">
          <StateIcon state={state} />
          <span className="jp-mltrain-RunCard-state">
            {canceling ? trans.__('Canceling …') : stateWord(trans, state)}
          </span>
          <span className="jp-mltrain-RunCard-label">{label}</span>
        </span>
        <span className="jp-mltrain-RunCard-where">
          {(run.started_at !== null || model.preparing) && (model.live || final) && (
            <Elapsed run={run} />
          )}
          <span className="jp-mltrain-RunCard-place">{place(trans, run)}</span>
        </span>
        <CardActions model={model} deeds={deeds} trans={trans} />
      </header>
      {repeats && (
        <p className="jp-mltrain-RunCard-repeats">
          {trans.__('Runs %1 again; it was started from this card.', runLabel(repeats))}
        </p>
      )}
      <Facts model={model} />
      {note !== null && (
        <p className="jp-mltrain-RunCard-note" role="status">
          {shown(note)}
        </p>
      )}
      {model.open && model.metrics && (
        <CardMetrics metrics={model.metrics} runId={run.id} trans={trans} />
      )}
      {model.log && (
        <div className="jp-mltrain-RunCard-output">
          <LogView
            key={`${run.id} ${model.live} ${model.log.name}`}
            log={model.log}
            label={
              model.preparing
                ? trans.__('How %1 is prepared', label)
                : trans.__('Output of %1', label)
            }
            trans={trans}
            compact={true}
          />
        </div>
      )}
      <CardOutputs model={model} trans={trans} />
      <Announcement key={run.id} label={label} word={stateWord(trans, state)} />
    </section>
  );
}

/** Why it is as it is, what to do about it, and how good it was. */
function Facts({ model }: { model: CardModel }): React.JSX.Element | null {
  const { advice, reason } = factsOf(model);
  const values = isFinal(model.run) && !model.open && model.metrics;
  if (!reason && !advice && !values) {
    return null;
  }
  return (
    <div className="jp-mltrain-RunCard-facts">
      {reason && <span className="jp-mltrain-RunCard-reason">{reason}</span>}
      {advice && <span className="jp-mltrain-RunCard-advice">{advice}</span>}
      {values && <MetricValues metrics={values} />}
    </div>
  );
}

/** Says a change of state to those who do not see it; nothing of what was so at first. */
function Announcement(props: { label: string; word: string }): React.JSX.Element {
  const { label, word } = props;
  const first = React.useRef(word);
  const [changed, setChanged] = React.useState(false);
  React.useEffect(() => {
    if (word !== first.current) {
      setChanged(true);
    }
  }, [word]);
  return (
    <div className="jp-mltrain-Unseen" role="status">
      {changed ? `${label}: ${word}` : ''}
    </div>
  );
}
