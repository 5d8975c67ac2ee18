import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type * as wire from '../api/wire';
import { BUILD_LOG, DRIVER_LOG } from '../api/wire';
import { LogView } from '../log';
import { logOf } from '../parts/environments';
import { useHeld } from '../parts/holding';
import { useLoaded } from '../parts/useloaded';
import { runLabel, shown } from '../parts/words';
import type { IWorkspace } from '../tokens';

/** Most logs of one folder that are offered; the others are among the files. */
const LOGS = 100;

/** What the run prints, or another of its logs. */
export function OutputTab(props: {
  id: string;
  workspace: IWorkspace;
  run: wire.Run;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { id, workspace, run, trans } = props;
  const [chosen, choose] = React.useState<string | null>(null);
  const name = chosen ?? logOf(run);
  const [asked, setAsked] = React.useState(0);
  const log = useHeld(`${run.id} ${name}`, () => workspace.log(run.id, name));
  const { value: others } = useLoaded(`${run.id} ${run.version} ${asked}`, () =>
    logsOf(workspace, run.id)
  );
  const names = [...new Set([DRIVER_LOG, name, ...(others ?? [])])];
  return (
    <div className="jp-mltrain-Output">
      {names.length > 1 && (
        <div className="jp-mltrain-Output-logs">
          <label htmlFor={`${id}-log`}>{trans.__('Log')}</label>
          <select
            id={`${id}-log`}
            className="jp-mod-styled"
            value={name}
            onFocus={() => setAsked(count => count + 1)}
            onChange={event => choose(event.target.value)}
          >
            {names.map(each => (
              <option key={each} value={each}>
                {each === DRIVER_LOG
                  ? trans.__('Output of the script')
                  : each === BUILD_LOG
                    ? trans.__('How its environment was made')
                    : shown(each)}
              </option>
            ))}
          </select>
        </div>
      )}
      {log && (
        <LogView
          log={log}
          label={
            name === DRIVER_LOG
              ? trans.__('Output of %1', runLabel(run))
              : trans.__('%1 of %2', shown(name), runLabel(run))
          }
          trans={trans}
          downloadUrl={workspace.verbs.fileUrl(run.id, name)}
        />
      )}
    </div>
  );
}

async function logsOf(workspace: IWorkspace, runId: string): Promise<string[]> {
  const pages = await Promise.all(
    ['azureml-logs/', 'logs/'].map(prefix =>
      workspace.verbs.files(runId, { prefix, limit: LOGS })
    )
  );
  return pages.flatMap(({ files }) => files.map(({ name }) => name));
}
