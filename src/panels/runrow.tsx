import type { TranslationBundle } from '@jupyterlab/translation';
import { ellipsesIcon, stopIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import type * as wire from '../api/wire';
import { Age, Elapsed, stateIcon, words } from '../parts';

import { Glyph } from './glyph';

/** What a row needs. Everything in it is a value, so that rows that stay the same are skipped. */
export interface IRunRowProps {
  /** `undefined` while it is not loaded. */
  run: wire.Run | undefined;
  id: string;
  index: number;
  topPx: number;
  heightPx: number;
  isSelected: boolean;
  isActive: boolean;
  trans: TranslationBundle;
}

/**
 * One run in the list: its state, its label, the one fact that matters, and what to do about it.
 *
 * Clicks and keys are handled by the list.
 */
export const RunRow = React.memo(function RunRow(props: IRunRowProps): React.JSX.Element {
  const { run, trans } = props;
  const frame = {
    id: props.id,
    role: 'row',
    'aria-rowindex': props.index + 1,
    'aria-selected': props.isSelected,
    'data-index': props.index,
    style: { height: props.heightPx, transform: `translateY(${props.topPx}px)` }
  };
  const mods =
    (props.isSelected ? ' jp-mod-selected' : '') + (props.isActive ? ' jp-mod-active' : '');
  if (!run) {
    return (
      <div {...frame} className={`jp-mltrain-RunRow jp-mod-loading${mods}`}>
        <span role="gridcell" className="jp-mltrain-RunRow-skeleton">
          <span className="jp-mltrain-Unseen">{trans.__('Loading')}</span>
        </span>
      </div>
    );
  }
  const label = words.runLabel(run);
  return (
    <div
      {...frame}
      className={`jp-mltrain-Row jp-mltrain-RunRow${mods}`}
      data-state={run.state}
    >
      <span role="gridcell" className="jp-mltrain-RunRow-name">
        <Glyph icon={stateIcon(run.state)} className="jp-mltrain-StateIcon" />
        <span className="jp-mltrain-Unseen">{words.stateWord(trans, run.state)}</span>
        <span className="jp-mltrain-RunRow-label">
          {words.shown(run.spec.name ?? run.spec.experiment)}
        </span>
        <span className="jp-mltrain-RunRow-number">{` #${run.number}`}</span>
      </span>
      <span role="gridcell" className="jp-mltrain-RunRow-fact">
        <Fact run={run} trans={trans} />
      </span>
      <span role="gridcell" className="jp-mltrain-RunRow-actions">
        {words.canCancel(run) ? (
          <button
            type="button"
            className="jp-mltrain-RunRow-action"
            data-action="cancel"
            tabIndex={props.isActive ? 0 : -1}
            aria-label={
              words.isInteractive(run)
                ? trans.__('End run %1', label)
                : trans.__('Cancel run %1', label)
            }
            title={words.isInteractive(run) ? trans.__('End run') : trans.__('Cancel run')}
          >
            <Glyph icon={stopIcon} />
          </button>
        ) : (
          <button
            type="button"
            className="jp-mltrain-RunRow-action"
            data-action="menu"
            tabIndex={props.isActive ? 0 : -1}
            aria-label={trans.__('Actions for run %1', label)}
            aria-haspopup="menu"
          >
            <Glyph icon={ellipsesIcon} />
          </button>
        )}
      </span>
    </div>
  );
});

/**
 * The one fact that matters in a run's state: how long, why, or when.
 *
 * The style leaves out what comes second where there is no room for both.
 */
export function Fact(props: { run: wire.Run; trans: TranslationBundle }): React.JSX.Element {
  const { run, trans } = props;
  switch (run.state) {
    case 'Running':
    case 'Finalizing':
      return (
        <>
          <Elapsed run={run} />
          <span>
            {words.isInteractive(run) ? trans.__('notebook') : words.shown(run.spec.compute)}
          </span>
        </>
      );
    case 'Completed':
      return (
        <>
          {run.ended_at !== null && <Age at={run.ended_at} trans={trans} />}
          <Elapsed run={run} />
        </>
      );
    case 'Canceled':
      return (
        <>
          {run.ended_at !== null && <Age at={run.ended_at} trans={trans} />}
          <span>{trans.__('canceled')}</span>
        </>
      );
    case 'CancelRequested':
      return <span>{trans.__('canceling')}</span>;
    default:
      return (
        <span className="jp-mltrain-RunRow-reason">
          {words.shownStart(shortReason(run.reason))}
        </span>
      );
  }
}

/** A waiting run's reason without its place in line, which the queue shows. */
export function shortReason(reason: string): string {
  return reason.replace(/^\d+(st|nd|rd|th) in line; /, '');
}

/** Everything else that a person wants to know at a glance; lines of a tooltip. */
export function tooltip(trans: TranslationBundle, run: wire.Run, nowMs: number): string {
  const at = (instant: string): string => words.instant(new Date(instant));
  const lines = [
    `${words.runLabel(run)} · ${words.stateWord(trans, run.state)}`,
    words.shownLines(run.reason),
    ...(run.advice === null ? [] : [words.shownLines(run.advice)]),
    trans.__('Experiment: %1', words.shown(run.spec.experiment)),
    trans.__('Compute: %1', words.place(trans, run)),
    trans.__('Submitted: %1', at(run.created_at)),
    ...(run.started_at === null ? [] : [trans.__('Started: %1', at(run.started_at))]),
    ...(run.ended_at === null ? [] : [trans.__('Ended: %1', at(run.ended_at))]),
    ...(run.started_at === null
      ? []
      : [trans.__('Took: %1', words.duration(words.elapsedMs(run, nowMs)))])
  ];
  return lines.filter(line => line !== '').join('\n');
}
