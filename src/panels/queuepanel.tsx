import type { TranslationBundle } from '@jupyterlab/translation';
import { ellipsesIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import type * as wire from '../api/wire';
import { useSignal, words } from '../parts';

import type { QueueOrder } from './queuemoves';
import { shortReason } from './runrow';
import { openMenu } from './runslist';

export interface IQueuePanelProps {
  workspaceId: string;
  order: QueueOrder;
  /** Why nothing new starts, or `null`. */
  paused: string | null;
  trans: TranslationBundle;
  onOpen: (runId: string) => void;
}

/** Rows that are shown; nobody sorts more by hand. */
const MOST = 200;

const DRAGGED = 'application/x-jupyter-mltrain-queued-run';

/** The runs that wait, in the order in which they will start, to be rearranged. */
export function QueuePanel(props: IQueuePanelProps): React.JSX.Element {
  const { order, trans } = props;
  useSignal(order.changed);
  const [dragged, setDragged] = React.useState<string | null>(null);
  const [gap, setGap] = React.useState<number | null>(null);
  const [said, setSaid] = React.useState('');
  const { entries } = order;

  const move = (runId: string, to: number): void => {
    const moved = order.move(runId, to);
    if (moved) {
      setSaid(
        trans.__('%1 is now number %2 in line', words.shown(moved.label), moved.position)
      );
    }
  };
  const stop = (): void => {
    setDragged(null);
    setGap(null);
  };
  const onDragOver = (event: React.DragEvent<HTMLOListElement>): void => {
    if (dragged === null) {
      return;
    }
    event.preventDefault();
    event.dataTransfer.dropEffect = 'move';
    setGap(gapAt(event));
  };
  const onDrop = (event: React.DragEvent<HTMLOListElement>): void => {
    if (dragged !== null) {
      event.preventDefault();
      const to = gapAt(event);
      // The gap is counted with the run still at its old place.
      move(dragged, to > order.indexOf(dragged) ? to - 1 : to);
    }
    stop();
  };
  const onKeyDown = (event: React.KeyboardEvent, entry: wire.QueueEntry): void => {
    if (event.altKey && (event.key === 'ArrowUp' || event.key === 'ArrowDown')) {
      event.preventDefault();
      event.stopPropagation();
      move(entry.run_id, order.indexOf(entry.run_id) + (event.key === 'ArrowUp' ? -1 : 1));
    }
  };

  if (!entries.length) {
    return (
      <p className="jp-mltrain-Sidebar-note">
        {props.paused ? words.shown(props.paused) : trans.__('Nothing waits.')}
      </p>
    );
  }
  return (
    <>
      {props.paused && (
        <p className="jp-mltrain-Sidebar-note jp-mod-warning">{words.shown(props.paused)}</p>
      )}
      <ol
        className="jp-mltrain-Queue"
        aria-label={trans.__('Waiting runs, in the order in which they start')}
        onDragOver={onDragOver}
        onDrop={onDrop}
      >
        {entries.slice(0, MOST).map((entry, index) => {
          const label = words.shown(entry.label);
          return (
            <li
              key={entry.run_id}
              className="jp-mltrain-Row jp-mltrain-QueueRow"
              data-index={index}
              data-mltrain-workspace={props.workspaceId}
              data-mltrain-run={entry.run_id}
              data-gap={
                gap === index
                  ? 'before'
                  : gap === index + 1 && gap === entries.length
                    ? 'after'
                    : ''
              }
              data-dragged={dragged === entry.run_id}
              draggable
              onDragStart={event => {
                event.dataTransfer.setData(DRAGGED, entry.run_id);
                event.dataTransfer.effectAllowed = 'move';
                setDragged(entry.run_id);
              }}
              onDragEnd={stop}
            >
              <span className="jp-mltrain-QueueRow-position">{entry.position}</span>
              <button
                type="button"
                className="jp-mltrain-QueueRow-label"
                title={`${label}\n${words.shown(entry.reason)}`}
                aria-keyshortcuts="Alt+ArrowUp Alt+ArrowDown"
                onClick={() => props.onOpen(entry.run_id)}
                onKeyDown={event => onKeyDown(event, entry)}
              >
                {label}
              </button>
              <span className="jp-mltrain-QueueRow-reason">
                {words.shown(shortReason(entry.reason))}
              </span>
              <button
                type="button"
                className="jp-mltrain-RunRow-action"
                aria-label={trans.__('Actions for waiting run %1', label)}
                aria-haspopup="menu"
                onClick={event => openMenu(event.currentTarget)}
              >
                <ellipsesIcon.react tag={null} />
              </button>
            </li>
          );
        })}
      </ol>
      {entries.length > MOST && (
        <p className="jp-mltrain-Sidebar-note">
          {trans._n('and %1 more', 'and %1 more', entries.length - MOST)}
        </p>
      )}
      <span className="jp-mltrain-Unseen" role="status">
        {said}
      </span>
    </>
  );
}

/** Between which rows the mouse is: the index of the row below. */
function gapAt(event: React.DragEvent<HTMLOListElement>): number {
  const rows = [...event.currentTarget.querySelectorAll<HTMLElement>('[data-index]')];
  const below = rows.findIndex(row => {
    const box = row.getBoundingClientRect();
    return event.clientY < box.top + box.height / 2;
  });
  return below < 0 ? rows.length : below;
}
