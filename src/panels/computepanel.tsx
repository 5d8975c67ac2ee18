import type { TranslationBundle } from '@jupyterlab/translation';
import { addIcon, closeIcon } from '@jupyterlab/ui-components';
import type { CommandRegistry } from '@lumino/commands';
import * as React from 'react';

import type * as wire from '../api/wire';
import { COMMANDS } from '../computes/names';
import { useSignal, words } from '../parts';
import type { IRuns, IWorkspace } from '../tokens';

import { Bar, leaseWords } from './bar';
import { ClusterActions, ClusterNodes } from './cluster';
import { labelOf } from './commands';
import { Glyph } from './glyph';
import { shortReason } from './runrow';

export interface IComputePanelProps {
  workspace: IWorkspace;
  commands: CommandRegistry;
  trans: TranslationBundle;
  onOpen: (runId: string) => void;
}

/** Holders of a target that are named; the rest is counted. */
const MOST_HOLDERS = 20;

/** What each compute target has, who holds what of it, and what waits for it. */
export function ComputePanel(props: IComputePanelProps): React.JSX.Element {
  const { workspace, commands, trans } = props;
  const { computes, queue, runs } = workspace;
  useSignal(computes.changed);
  useSignal(queue.changed);
  const targets = computes.targets ?? [];
  const mentioned = [
    ...targets.flatMap(target => Object.keys(target.leases).slice(0, MOST_HOLDERS)),
    ...queue.entries.slice(0, MOST_HOLDERS).map(entry => entry.run_id)
  ];
  useRecords(runs, mentioned);
  if (computes.targets === null) {
    return (
      <div className="jp-mltrain-Sidebar-skeleton" aria-hidden="true">
        <span />
        <span />
      </div>
    );
  }
  const execute = (command: string, compute?: string): void =>
    void commands.execute(command, { workspace: workspace.id, compute });
  return (
    <>
      <ul className="jp-mltrain-Computes" aria-label={trans.__('Compute targets')}>
        {targets.map(target => (
          <li key={target.name} className="jp-mltrain-Compute">
            <Target
              target={target}
              workspaceId={workspace.id}
              commands={commands}
              waiting={waitingFor(target.name, queue.entries, runs)}
              runs={runs}
              trans={trans}
              onOpen={props.onOpen}
              onRemove={() => execute(COMMANDS.detach, target.name)}
            />
          </li>
        ))}
      </ul>
      <div className="jp-mltrain-Environments-foot">
        <button
          type="button"
          className="jp-mltrain-Sidebar-button"
          onClick={() => execute(COMMANDS.attach)}
        >
          <addIcon.react tag={null} />
          {trans.__('Add compute')}
        </button>
        <button
          type="button"
          className="jp-mltrain-Sidebar-button"
          onClick={() => execute(COMMANDS.createCluster)}
        >
          <addIcon.react tag={null} />
          {trans.__('New cluster')}
        </button>
      </div>
    </>
  );
}

interface ITargetProps {
  target: wire.ComputeStatus;
  workspaceId: string;
  commands: CommandRegistry;
  /** The first run that waits for it, if any. */
  waiting: wire.QueueEntry | undefined;
  runs: IRuns;
  trans: TranslationBundle;
  onOpen: (runId: string) => void;
  onRemove: () => void;
}

function Target(props: ITargetProps): React.JSX.Element {
  const { target, trans } = props;
  const { cluster } = target;
  return (
    <>
      <h4 className="jp-mltrain-Compute-name">
        <span className="jp-mltrain-Compute-label">{words.shown(target.name)}</span>
        <span className="jp-mltrain-Compute-kind" title={cluster?.spec.vm_size}>
          {cluster !== null
            ? words.shown(cluster.spec.vm_size.replace(/^STANDARD_/, ''))
            : target.url === null
              ? kindWord(trans, target.kind)
              : words.shown(target.url)}
        </span>
        {cluster !== null && <ClusterActions {...props} name={target.name} />}
        {target.url !== null && (
          <button
            type="button"
            className="jp-mltrain-RunRow-action"
            aria-label={trans.__('Remove compute %1', words.shown(target.name))}
            title={trans.__('Remove compute')}
            onClick={props.onRemove}
          >
            <Glyph icon={closeIcon} />
          </button>
        )}
      </h4>
      {target.unreachable !== null && (
        <p className="jp-mltrain-Compute-unreachable">{words.shown(target.unreachable)}</p>
      )}
      {cluster === null ? (
        <Held {...props} />
      ) : (
        <ClusterNodes
          {...props}
          name={target.name}
          cluster={cluster}
          waiting={shortReason(props.waiting?.reason ?? '')}
        />
      )}
      {target.queued > 0 && (
        <p className="jp-mltrain-Compute-waiting">
          {trans._n('%1 run waits', '%1 runs wait', target.queued)}
          {props.waiting && (
            <>
              {' · '}
              {words.shown(shortReason(props.waiting.reason))}
            </>
          )}
        </p>
      )}
    </>
  );
}

/** What of a target is held, and by whom. */
function Held(props: ITargetProps): React.JSX.Element {
  const { target, trans } = props;
  const { capacity } = target;
  const leases = Object.entries(target.leases);
  const sum = (amount: (lease: wire.Lease) => number): number =>
    leases.reduce((total, [, lease]) => total + amount(lease), 0);
  return (
    <>
      <Bar
        what={trans.__('CPUs')}
        held={sum(lease => lease.cpus)}
        of={capacity.cpus}
        say={String}
        trans={trans}
      />
      <Bar
        what={trans.__('Memory')}
        held={sum(lease => lease.memory_bytes)}
        of={capacity.memory_bytes}
        say={bytes => (bytes ? words.askedSize(trans, bytes) : '0')}
        trans={trans}
      />
      {capacity.gpus.length > 0 && (
        <Bar
          what={trans.__('GPUs')}
          held={sum(lease => lease.gpus.length)}
          of={capacity.gpus.length}
          say={String}
          title={capacity.gpus.map(gpu => `${gpu.index}: ${words.shown(gpu.name)}`).join('\n')}
          trans={trans}
        />
      )}
      {leases.length > 0 && (
        <ul
          className="jp-mltrain-Compute-holders"
          aria-label={trans.__('Who holds what of %1', words.shown(target.name))}
        >
          {leases.slice(0, MOST_HOLDERS).map(([id, lease]) => (
            <li key={id}>
              <button
                type="button"
                className="jp-mltrain-QueueRow-label"
                onClick={() => props.onOpen(id)}
              >
                {labelOf(props.runs.get(id), id)}
              </button>
              <span className="jp-mltrain-Compute-lease">{leaseWords(trans, lease)}</span>
            </li>
          ))}
          {leases.length > MOST_HOLDERS && (
            <li>{trans.__('and %1 more', leases.length - MOST_HOLDERS)}</li>
          )}
        </ul>
      )}
    </>
  );
}

function kindWord(trans: TranslationBundle, kind: string): string {
  return kind === 'docker' ? trans.__('Docker Engine') : trans.__('this machine');
}

function waitingFor(
  compute: string,
  entries: readonly wire.QueueEntry[],
  runs: IRuns
): wire.QueueEntry | undefined {
  return entries.find(entry => runs.get(entry.run_id)?.spec.compute === compute);
}

/** Have the records of runs, whose labels are shown; render again once they have come. */
function useRecords(runs: IRuns, ids: readonly string[]): void {
  const [, again] = React.useReducer((count: number) => count + 1, 0);
  const missing = ids.filter(id => !runs.get(id)).join(' ');
  React.useEffect(() => {
    if (!missing) {
      return;
    }
    let isThere = true;
    const loads = missing.split(' ').map(id => runs.load(id));
    // One that was deleted meanwhile leaves the list with the next answer.
    void Promise.allSettled(loads).then(() => {
      if (isThere) {
        again();
      }
    });
    return () => {
      isThere = false;
    };
  }, [runs, missing]);
}
