import type { TranslationBundle } from '@jupyterlab/translation';
import { ellipsesIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';

import type * as wire from '../api/wire';
import { COMMANDS } from '../computes/names';
import { stateIcon, useNow, words } from '../parts';
import { openMenu } from '../parts/menu';
import type { IRuns } from '../tokens';

import { Bar, leaseWords } from './bar';
import { labelOf } from './commands';
import { Glyph } from './glyph';

/** Nodes that are shown; the rest is counted. */
const MOST = 20;

export interface IClusterProps {
  name: string;
  cluster: wire.Cluster;
  /** Why the first run that waits for it does; empty where none waits. */
  waiting: string;
  runs: IRuns;
  trans: TranslationBundle;
  onOpen: (runId: string) => void;
}

/** The nodes of a cluster: how many there are of how many, what each does, and why. */
export function ClusterNodes(props: IClusterProps): React.JSX.Element {
  const { cluster, name, runs, trans } = props;
  const { nodes, note, provisioning_state: provisioning, reason, spec } = cluster;
  const isMoving = nodes.some(({ state }) => state !== 'unusable');
  const now = useNow(isMoving ? 1_000 : Infinity);
  const leaves = leavingAt(cluster);
  const said = summary(trans, cluster);
  const ends = provisioning === 'Deleting' || provisioning === 'Failed';
  return (
    <>
      <Bar
        what={trans.__('Nodes')}
        held={nodes.length}
        of={spec.max_nodes}
        say={String}
        title={trans.__('Each has %1', leaseWords(trans, cluster.node))}
        trans={trans}
      />
      {said && <p className="jp-mltrain-Compute-waiting">{said}</p>}
      {nodes.length > 0 && (
        <ul
          className="jp-mltrain-Cluster-nodes"
          aria-label={trans.__('Nodes of %1', words.shown(name))}
        >
          {nodes.slice(0, MOST).map(node => (
            <li key={node.id} data-state={node.state}>
              <Glyph icon={stateIcon(LOOKS[node.state])} className="jp-mltrain-StateIcon" />
              <span className="jp-mltrain-Cluster-state" title={words.shown(node.id)}>
                {nodeWord(trans, node.state)}
              </span>
              {node.run_id !== null && (
                <button
                  type="button"
                  className="jp-mltrain-QueueRow-label"
                  onClick={() => props.onOpen(node.run_id ?? '')}
                >
                  {labelOf(runs.get(node.run_id), node.run_id)}
                </button>
              )}
              <span className="jp-mltrain-Compute-lease">
                {node.state === 'idle'
                  ? idleWords(trans, leaves.get(node.id), now)
                  : words.duration(now - Date.parse(node.since))}
              </span>
            </li>
          ))}
          {nodes.length > MOST && <li>{trans.__('and %1 more', nodes.length - MOST)}</li>}
        </ul>
      )}
      {reason && reason !== props.waiting && (
        <p className="jp-mltrain-Compute-waiting">{words.shown(reason)}</p>
      )}
      {ends && (
        <p className="jp-mltrain-Compute-unreachable">
          {provisioning === 'Deleting'
            ? trans.__('It is being deleted.')
            : trans.__('It could not be provisioned.')}
        </p>
      )}
      {note && <p className="jp-mltrain-Compute-waiting">{words.shown(note)}</p>}
    </>
  );
}

/** A button with what can be done about a cluster. */
export function ClusterActions(props: {
  name: string;
  workspaceId: string;
  commands: CommandRegistry;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { commands, name, trans } = props;
  const args = { workspace: props.workspaceId, cluster: name };
  return (
    <button
      type="button"
      className="jp-mltrain-RunRow-action"
      aria-label={trans.__('Actions for cluster %1', words.shown(name))}
      aria-haspopup="menu"
      onClick={event =>
        openMenu(
          commands,
          [
            [COMMANDS.editCluster, args],
            [COMMANDS.copyClusterCode, args],
            null,
            [COMMANDS.removeCluster, args]
          ],
          event.currentTarget
        )
      }
    >
      <Glyph icon={ellipsesIcon} />
    </button>
  );
}

/** The state of a run that looks the same. */
const LOOKS: Readonly<Record<wire.NodeState, wire.RunState>> = {
  preparing: 'Preparing',
  idle: 'Queued',
  running: 'Running',
  leaving: 'Canceled',
  unusable: 'Failed'
};

/** What a node does, as people read it. */
export function nodeWord(trans: TranslationBundle, state: wire.NodeState): string {
  switch (state) {
    case 'preparing':
      return trans.__('preparing');
    case 'idle':
      return trans.__('idle');
    case 'running':
      return trans.__('running');
    case 'leaving':
      return trans.__('leaving');
    case 'unusable':
      return trans.__('unusable');
  }
}

/** How many nodes do what, and where it is going: `1 running, 1 idle · resizing to 3`. */
export function summary(trans: TranslationBundle, cluster: wire.Cluster): string {
  const { allocation_state, nodes, target_nodes } = cluster;
  const states: readonly wire.NodeState[] = [
    'running',
    'idle',
    'preparing',
    'leaving',
    'unusable'
  ];
  const counts = states.flatMap(state => {
    const count = nodes.filter(node => node.state === state).length;
    return count ? [trans.__('%1 %2', count, nodeWord(trans, state))] : [];
  });
  return [
    ...(counts.length ? [counts.join(', ')] : []),
    ...(allocation_state === 'Resizing' ? [trans.__('resizing to %1', target_nodes)] : [])
  ].join(' · ');
}

/** When idle nodes go, in ms since 1970: the longest idle first, down to those that stay. */
export function leavingAt({ nodes, spec }: wire.Cluster): ReadonlyMap<string, number> {
  const idle = nodes
    .filter(({ state }) => state === 'idle')
    .sort((one, other) => Date.parse(one.since) - Date.parse(other.since));
  const spare = Math.max(0, nodes.length - spec.min_nodes);
  return new Map(
    idle.slice(0, spare).map(({ id, since }) => [id, Date.parse(since) + 1_000 * spec.idle_s])
  );
}

function idleWords(trans: TranslationBundle, at: number | undefined, now: number): string {
  return at === undefined
    ? trans.__('stays')
    : trans.__('goes in %1', words.duration(at - now));
}
