import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type * as wire from '../api/wire';
import { isBuilt } from '../parts/environments';
import { join } from '../parts/shell';
import { StateIcon } from '../parts/stateicon';
import { useLoaded } from '../parts/useloaded';
import {
  askedSize,
  attemptWords,
  cpus,
  duration,
  gpus,
  instant,
  isFinal,
  isInteractive,
  LONGEST_S,
  shown,
  shownLines,
  size,
  stateWord
} from '../parts/words';
import { useNow } from '../parts/now';
import type { IVerbs, IWorkspace } from '../tokens';
import { ChildrenPart } from './ChildrenPart';
import { argumentsOf, DataPart } from './DataPart';
import { EnvironmentPart } from './EnvironmentPart';
import { Copy, Fact, Pairs, Part, RunLink } from './facts';
import { ModelsPart } from './ModelsPart';
import { SnapshotPart } from './SnapshotPart';
import { TagsPart } from './TagsPart';

export interface IPart {
  verbs: IVerbs;
  run: wire.Run;
  /** The run was deleted: nothing more can be asked about it. */
  gone: boolean;
  trans: TranslationBundle;
  onCopy: (text: string) => void;
  onOpen: (runId: string) => void;
  onOpenBuild: (buildId: string) => void;
}

/** Everything that says what exactly ran, where, and how it went. */
export function DetailsTab(
  props: Omit<IPart, 'verbs'> & {
    workspace: IWorkspace;
    onOpenModel: (name: string, version: number) => void;
  }
): React.JSX.Element {
  const { gone, run, workspace } = props;
  const part: IPart = { ...props, verbs: workspace.verbs };
  return (
    <div className="jp-mltrain-Details">
      <Warnings {...part} />
      <What {...part} />
      <DataPart {...part} />
      {isBuilt(run.spec.environment) && <EnvironmentPart {...part} />}
      {!gone && <ModelsPart {...props} runId={run.id} />}
      <Timeline {...part} />
      {!isInteractive(run) && <Used {...part} />}
      {!gone && <ChildrenPart {...props} />}
      <TagsPart
        tags={run.tags}
        gone={gone}
        trans={part.trans}
        onChange={request => workspace.verbs.tag(run.id, request)}
      />
      <Origin {...part} />
      {!gone && run.snapshot_id !== null && <SnapshotPart {...part} />}
      <Names {...part} />
    </div>
  );
}

function Warnings({ run, trans }: IPart): React.JSX.Element | null {
  return run.warnings.length ? (
    <Part title={trans.__('Warnings at submit')}>
      <ul className="jp-mltrain-Details-warnings">
        {run.warnings.map((text, index) => (
          <li key={index}>{text}</li>
        ))}
      </ul>
    </Part>
  ) : null;
}

function What(props: IPart): React.JSX.Element {
  const { run, trans, onCopy } = props;
  const { spec } = run;
  const typed = join(argumentsOf(run));
  const variables = Object.entries(spec.variables);
  return (
    <Part title={trans.__('What ran')}>
      <dl>
        <Fact term={trans.__('Script')}>
          {isInteractive(run) ? null : <code>{shown(spec.script)}</code>}
        </Fact>
        <Fact term={trans.__('Arguments')}>
          {typed && (
            <>
              <code className="jp-mltrain-Details-long">{typed}</code>
              <Copy
                text={typed}
                name={trans.__('the arguments')}
                trans={trans}
                onCopy={onCopy}
              />
            </>
          )}
        </Fact>
        <Fact term={trans.__('Experiment')}>{shown(spec.experiment)}</Fact>
        <Fact term={trans.__('Description')}>
          {run.description === null ? null : shownLines(run.description)}
        </Fact>
        {!isBuilt(spec.environment) && !isInteractive(run) && (
          <Fact term={trans.__('Python')}>
            <code>{shown(spec.environment.interpreter ?? spec.environment.name)}</code>
          </Fact>
        )}
        {variables.length > 0 && (
          <Fact term={trans.__('Environment variables')}>
            <Pairs entries={variables} />
          </Fact>
        )}
        {spec.cell && spec.cell.inputs.length > 0 && (
          <Fact term={trans.__('Variables in')}>{spec.cell.inputs.join(', ')}</Fact>
        )}
        {spec.cell && spec.cell.outputs.length > 0 && (
          <Fact term={trans.__('Variables out')}>{spec.cell.outputs.join(', ')}</Fact>
        )}
      </dl>
    </Part>
  );
}

function Timeline({ verbs, run, gone, trans }: IPart): React.JSX.Element {
  const { value, problem } = useLoaded(gone ? null : `${run.id} ${run.state}`, () =>
    verbs.history(run.id)
  );
  const ended = isFinal(run);
  const now = useNow(ended ? Infinity : 1_000);
  return (
    <Part title={trans.__('Timeline')}>
      {problem !== null && <p className="jp-mltrain-RunPage-note">{problem}</p>}
      {value && (
        <ol className="jp-mltrain-Details-timeline">
          {value.map((change, index) => {
            const at = Date.parse(change.at);
            const next = index + 1 < value.length ? Date.parse(value[index + 1].at) : null;
            const last = next === null && ended;
            return (
              <li key={index}>
                <StateIcon state={change.state} />
                <span className="jp-mltrain-Details-state">
                  {stateWord(trans, change.state)}
                </span>
                <span className="jp-mltrain-Details-took">
                  {last ? '' : took((next ?? now) - at)}
                </span>
                <time dateTime={change.at}>{instant(new Date(at))}</time>
                <span className="jp-mltrain-Details-reason">{change.reason}</span>
              </li>
            );
          })}
        </ol>
      )}
    </Part>
  );
}

/** A length of time; what is short is still something. */
function took(lengthMs: number): string {
  return lengthMs < 1_000 ? `${Math.max(0, Math.round(lengthMs))} ms` : duration(lengthMs);
}

function Used({ run, trans }: IPart): React.JSX.Element {
  const { exit, spec } = run;
  const asked = spec.resources;
  const nodes = run.nodes.filter(({ lease }) => lease);
  return (
    <Part title={trans.__('Resources')}>
      <dl>
        <Fact term={trans.__('Compute')}>{shown(spec.compute)}</Fact>
        <Fact term={trans.__('Asked for')}>
          {[
            asked.cpus ? cpus(trans, asked.cpus) : trans.__('the usual share of CPUs'),
            ...(asked.gpus ? [gpus(trans, asked.gpus)] : []),
            ...(asked.memory_bytes ? [askedSize(trans, asked.memory_bytes)] : [])
          ].join(' · ')}
        </Fact>
        {nodes.map(({ index, host, lease }) => (
          <Fact key={index} term={isFinal(run) ? trans.__('Held') : trans.__('Holds')}>
            {lease &&
              [
                cpus(trans, lease.cpus),
                ...(lease.gpus.length
                  ? [trans.__('GPU %1', lease.gpus.map(String).join(', '))]
                  : []),
                ...(lease.memory_bytes ? [askedSize(trans, lease.memory_bytes)] : []),
                trans.__('on %1', shown(host))
              ].join(' · ')}
          </Fact>
        ))}
        {exit && (
          <>
            <Fact term={trans.__('CPU time')}>{took(exit.cpu_s * 1_000)}</Fact>
            <Fact term={trans.__('Peak memory')}>
              {exit.max_rss_bytes ? size(trans, exit.max_rss_bytes) : null}
            </Fact>
            <Fact term={trans.__('Exit')}>
              {exit.status !== null
                ? trans.__('status %1', exit.status)
                : exit.signal !== null
                  ? trans.__('ended by signal %1', exit.signal)
                  : (exit.message ?? trans.__('it was never started'))}
            </Fact>
            <Fact term={trans.__('Left behind')}>
              {exit.leftovers
                ? trans._n(
                    '%1 process, ended since',
                    '%1 processes, ended since',
                    exit.leftovers
                  )
                : null}
            </Fact>
          </>
        )}
        <Fact term={trans.__('Time limit')}>
          {spec.timeout_s < LONGEST_S ? duration(spec.timeout_s * 1_000) : trans.__('30 days')}
        </Fact>
        <Fact term={trans.__('Attempt')}>{attemptWords(trans, run)}</Fact>
        <Fact term={trans.__('Priority')}>{spec.priority ? String(spec.priority) : null}</Fact>
      </dl>
    </Part>
  );
}

function Origin({ run, trans }: IPart): React.JSX.Element | null {
  const { git } = run;
  return run.source_directory === null && !git ? null : (
    <Part title={trans.__('Where it came from')}>
      <dl>
        <Fact term={trans.__('Folder')}>
          {run.source_directory === null ? null : <code>{shown(run.source_directory)}</code>}
        </Fact>
        {git && (
          <>
            <Fact term={trans.__('Repository')}>
              {git.repository === null ? null : <code>{shown(git.repository)}</code>}
            </Fact>
            <Fact term={trans.__('Branch')}>
              {git.branch === null ? null : shown(git.branch)}
            </Fact>
            <Fact term={trans.__('Commit')}>
              {git.commit === null ? null : (
                <>
                  <code>{shown(git.commit)}</code>
                  {git.dirty && ` ${trans.__('with uncommitted changes')}`}
                </>
              )}
            </Fact>
          </>
        )}
      </dl>
    </Part>
  );
}

function Names(props: IPart): React.JSX.Element {
  const { run, trans, onCopy, onOpen } = props;
  const properties = Object.entries(run.properties);
  const first = run.properties.again_of as string | undefined;
  return (
    <Part title={trans.__('Names and properties')}>
      <dl>
        <Fact term={trans.__('Run id')}>
          <code>{run.id}</code>
          <Copy text={run.id} name={trans.__('the run id')} trans={trans} onCopy={onCopy} />
        </Fact>
        {run.snapshot_id !== null && (
          <Fact term={trans.__('Snapshot')}>
            <code className="jp-mltrain-Details-long">{run.snapshot_id}</code>
          </Fact>
        )}
        {run.parent_id !== null && (
          <Fact term={trans.__('Child of')}>
            <RunLink runId={run.parent_id} onOpen={onOpen} />
          </Fact>
        )}
        {first !== undefined && (
          <Fact term={trans.__('Again of')}>
            <RunLink runId={first} onOpen={onOpen} />
          </Fact>
        )}
        <Fact term={trans.__('Submitted')}>
          {instant(new Date(run.created_at))}
          {run.submitted_by && ` ${trans.__('by %1', shown(run.submitted_by))}`}
        </Fact>
        {properties.length > 0 && (
          <Fact term={trans.__('Properties')}>
            <Pairs entries={properties} />
          </Fact>
        )}
      </dl>
    </Part>
  );
}
