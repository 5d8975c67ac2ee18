import { LabIcon } from '@jupyterlab/ui-components';
import * as React from 'react';

import type { RunState } from '../api/wire';

type Look = 'waiting' | 'preparing' | 'running' | 'canceled' | 'completed' | 'failed' | 'lost';

const LOOKS: Readonly<Record<RunState, Look>> = {
  NotStarted: 'waiting',
  Queued: 'waiting',
  Preparing: 'preparing',
  Provisioning: 'preparing',
  Starting: 'preparing',
  Running: 'running',
  Finalizing: 'running',
  CancelRequested: 'canceled',
  Canceled: 'canceled',
  Completed: 'completed',
  Failed: 'failed',
  NotResponding: 'lost'
};

const RING =
  '<circle cx="8" cy="8" r="6" fill="none" stroke="currentColor" stroke-width="1.5"/>';
const LINE =
  'fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"';
const SHAPES: Readonly<Record<Look, string>> = {
  waiting: RING,
  preparing: `${RING}<path d="M8 8V3.5A4.5 4.5 0 0 1 12.5 8z" fill="currentColor"/>`,
  running: `${RING}<path d="M8 2a6 6 0 0 0 0 12z" fill="currentColor"/>`,
  canceled: `${RING}<path d="M4 12 12 4" fill="none" stroke="currentColor" stroke-width="1.5"/>`,
  completed: `<path d="M3 8.5 6.5 12 13 4.5" ${LINE}/>`,
  failed: `<path d="m4 4 8 8m0-8-8 8" ${LINE}/>`,
  lost: [3, 8, 13].map(x => `<circle cx="${x}" cy="8" r="1.5" fill="currentColor"/>`).join('')
};

function icon(look: Look): LabIcon {
  return new LabIcon({
    name: `jupyter-mltrain:state-${look}`,
    svgstr:
      '<svg xmlns="http://www.w3.org/2000/svg" width="16" height="16" viewBox="0 0 16 16">' +
      `<g class="jp-mltrain-StateIcon-${look}">${SHAPES[look]}</g></svg>`
  });
}

const ICONS = new Map<Look, LabIcon>();

/** A state's shape in its colour, also for tabs and menus. */
export function stateIcon(state: RunState): LabIcon {
  const look = LOOKS[state];
  let found = ICONS.get(look);
  if (!found) {
    found = icon(look);
    ICONS.set(look, found);
  }
  return found;
}

/** A state as a shape in its colour. The word has to stand beside it, or in a label around it. */
export const StateIcon = React.memo(function StateIcon(props: {
  state: RunState;
}): React.JSX.Element {
  const shape = stateIcon(props.state);
  return (
    <span className="jp-mltrain-StateIcon" data-state={props.state} aria-hidden="true">
      <shape.react tag={null} width="16px" height="16px" />
    </span>
  );
});
