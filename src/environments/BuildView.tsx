import type { TranslationBundle } from '@jupyterlab/translation';
import { refreshIcon, stopIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import type * as wire from '../api/wire';
import { FINAL_BUILD_STATES } from '../api/wire';
import { LogView } from '../log';
import { buildWord, fullName, lookOf } from '../parts/environments';
import { useNow } from '../parts/now';
import { StateIcon } from '../parts/stateicon';
import { Age } from '../parts/times';
import { useLoaded } from '../parts/useloaded';
import { useSignal } from '../parts/usesignal';
import { duration, shown, shownLines, size } from '../parts/words';
import type { IBuild, IVerbs } from '../tokens';

export interface IBuildViewProps {
  build: IBuild;
  verbs: IVerbs;
  trans: TranslationBundle;
  /** Whether it is said why it was not cached. */
  explained: boolean;
  onExplain: (explained: boolean) => void;
  onCancel: () => void;
  /** Build it again: as it is described, or with the versions of today. */
  onBuild: (fresh: boolean) => void;
}

/** The making of an environment: how far it is, each step, and what it says. */
export function BuildView(props: IBuildViewProps): React.JSX.Element {
  const { build, trans, verbs } = props;
  useSignal(build.changed);
  const { problem, record } = build;
  return (
    <div className="jp-mltrain-RunPage jp-mltrain-BuildPage">
      <div role="alert">
        {problem !== null && <p className="jp-mltrain-RunPage-problem">{shown(problem)}</p>}
      </div>
      {record ? (
        <>
          <div
            className="jp-mltrain-BuildPage-top"
            role="group"
            aria-label={trans.__('Build of %1', fullName(record))}
            tabIndex={0}
          >
            <Header {...props} record={record} />
            <Steps record={record} trans={trans} />
            {props.explained && <Explanation build={record} verbs={verbs} trans={trans} />}
          </div>
          <div className="jp-mltrain-BuildPage-log">
            <LogView
              log={build.log}
              label={trans.__('Log of the build of %1', fullName(record))}
              trans={trans}
              downloadUrl={verbs.buildLogUrl(record.id)}
            />
          </div>
        </>
      ) : (
        problem === null && (
          <div className="jp-mltrain-Skeleton" aria-label={trans.__('Loading the build')}>
            <span />
            <span />
            <span />
          </div>
        )
      )}
    </div>
  );
}

function Header(props: IBuildViewProps & { record: wire.Build }): React.JSX.Element {
  const { record, trans } = props;
  const label = fullName(record);
  const word = buildWord(trans, record.state);
  const final = FINAL_BUILD_STATES.has(record.state);
  return (
    <div className="jp-mltrain-RunHeader" data-state={lookOf(record.state)}>
      <div className="jp-mltrain-RunHeader-line">
        <StateIcon state={lookOf(record.state)} />
        <span className="jp-mltrain-RunHeader-state">{capital(word)}</span>
        <h2 className="jp-mltrain-RunHeader-label">{label}</h2>
        <span className="jp-mltrain-RunHeader-facts">
          <Took from={record.created_at} to={record.ended_at} />
          <span>{shown(record.compute)}</span>
          {record.size_bytes !== null && <span>{size(trans, record.size_bytes)}</span>}
          {record.ended_at !== null && <Age at={record.ended_at} trans={trans} />}
        </span>
        <div className="jp-mltrain-RunHeader-buttons">
          {!final && (
            <button
              type="button"
              className="jp-mltrain-Button"
              aria-label={trans.__('Cancel the build of %1', label)}
              onClick={props.onCancel}
            >
              <stopIcon.react tag="span" width="14px" height="14px" />
              {trans.__('Cancel')}
            </button>
          )}
          {final && record.state !== 'Built' && (
            <button
              type="button"
              className="jp-mltrain-Button"
              aria-label={trans.__('Build %1 again', label)}
              onClick={() => props.onBuild(false)}
            >
              <refreshIcon.react tag="span" width="14px" height="14px" />
              {trans.__('Build again')}
            </button>
          )}
          {record.state === 'Built' && (
            <button
              type="button"
              className="jp-mltrain-Button"
              title={trans.__('Ask again what tags and unpinned packages stand for')}
              onClick={() => props.onBuild(true)}
            >
              <refreshIcon.react tag="span" width="14px" height="14px" />
              {trans.__('Rebuild with fresh versions')}
            </button>
          )}
          <button
            type="button"
            className="jp-mltrain-Button"
            aria-expanded={props.explained}
            onClick={() => props.onExplain(!props.explained)}
          >
            {trans.__('Why was it not cached')}
          </button>
        </div>
      </div>
      {record.reason && record.state !== 'Built' && (
        <p className="jp-mltrain-RunHeader-reason">{shownLines(capital(record.reason))}</p>
      )}
      <p className="jp-mltrain-Unseen" role="status">
        {trans.__('%1: %2', label, word)}
      </p>
    </div>
  );
}

/** What was done, in its order, and how long each step took. */
function Steps(props: {
  record: wire.Build;
  trans: TranslationBundle;
}): React.JSX.Element | null {
  const { record, trans } = props;
  const { steps } = record;
  return steps.length ? (
    <ol className="jp-mltrain-BuildPage-steps" aria-label={trans.__('Steps')}>
      {steps.map((step, index) => {
        const state = stateOf(step, record);
        return (
          <li key={index} data-state={lookOf(state)}>
            <StateIcon state={lookOf(state)} />
            <span className="jp-mltrain-Unseen">{buildWord(trans, state)}</span>
            <span className="jp-mltrain-BuildPage-step">{shown(step.name)}</span>
            <span className="jp-mltrain-BuildPage-took">
              {step.cached ? (
                trans.__('cached')
              ) : (
                <Took from={step.started_at} to={step.ended_at ?? record.ended_at} />
              )}
            </span>
            {step.problem !== null && step.problem !== record.reason && (
              <span className="jp-mltrain-BuildPage-why">{shownLines(step.problem)}</span>
            )}
          </li>
        );
      })}
    </ol>
  ) : null;
}

/** How a step looks: one that the end of its build has cut off went as the build did. */
function stateOf(step: wire.BuildStep, build: wire.Build): wire.BuildState {
  if (step.problem !== null) {
    return 'Failed';
  }
  if (step.ended_at !== null) {
    return 'Built';
  }
  return FINAL_BUILD_STATES.has(build.state) ? build.state : 'Building';
}

/** A length of time that still goes on, or is over. */
function Took(props: { from: string; to: string | null }): React.JSX.Element {
  const from = Date.parse(props.from);
  const now = useNow(props.to === null ? 1_000 : Infinity, from);
  const lengthMs = (props.to === null ? now : Date.parse(props.to)) - from;
  const isShort = props.to !== null && lengthMs < 1_000;
  return (
    <span className="jp-mltrain-Elapsed">
      {isShort ? `${Math.max(0, Math.round(lengthMs))} ms` : duration(lengthMs)}
    </span>
  );
}

/** What differs from the nearest one that was there. */
function Explanation(props: {
  build: wire.Build;
  verbs: IVerbs;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { build, trans, verbs } = props;
  const { value, problem } = useLoaded(build.id, () => verbs.difference(build.id));
  const title = trans.__('Why was it not cached');
  return (
    <section className="jp-mltrain-BuildPage-explanation" aria-label={title} aria-live="polite">
      <h3>{title}</h3>
      {problem !== null && <p>{shown(problem)}</p>}
      {value && (
        <>
          <p>
            {value.nearest_name === null
              ? trans.__('Nothing like it was built before.')
              : value.changes.length
                ? trans.__('The nearest that was there is %1.', shown(value.nearest_name))
                : trans.__('%1 is the same.', shown(value.nearest_name))}
          </p>
          {value.changes.length > 0 && (
            <ul>
              {value.changes.map((change, index) => (
                <li key={index}>{shown(change)}</li>
              ))}
            </ul>
          )}
        </>
      )}
    </section>
  );
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
