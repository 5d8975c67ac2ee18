import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type * as wire from '../api/wire';
import { useLoaded } from '../parts/useloaded';
import { instant, runLabel, shown } from '../parts/words';
import { Fact, Part, RunLink } from '../runpage/facts';
import type { IRuns } from '../tokens';

/** What a version was made from: its run, experiment and datasets. */
export function LineagePart(props: {
  version: wire.Model;
  runs: IRuns;
  trans: TranslationBundle;
  onOpenRun: (runId: string) => void;
}): React.JSX.Element {
  const { runs, trans, version } = props;
  const { run_id } = version;
  const { value: run, problem } = useLoaded(run_id, () => runs.load(run_id ?? ''));
  return (
    <Part title={trans.__('Where it came from')}>
      <dl>
        <Fact term={trans.__('Run')}>
          {run_id === null ? (
            trans.__('none: it was registered from files')
          ) : problem === null ? (
            <RunLink
              runId={run_id}
              label={run ? runLabel(run) : undefined}
              onOpen={props.onOpenRun}
            />
          ) : (
            <>
              <code>{shown(run_id)}</code> {trans.__('(not there any more)')}
            </>
          )}
        </Fact>
        <Fact term={trans.__('Experiment')}>
          {version.experiment === null ? null : shown(version.experiment)}
        </Fact>
        <Fact term={trans.__('Datasets')}>
          {version.datasets.length === 0 ? null : (
            <ul className="jp-mltrain-Details-pairs">
              {version.datasets.map(({ dataset, dataset_id, label, version: number }) => (
                <li key={`${label} ${dataset_id}`}>
                  {trans.__('%1: %2', shown(label), datasetName(dataset, number, dataset_id))}
                </li>
              ))}
            </ul>
          )}
        </Fact>
        <Fact term={trans.__('Registered')}>
          {instant(new Date(version.created_at))}
          {version.created_by && ` ${trans.__('by %1', shown(version.created_by))}`}
        </Fact>
      </dl>
    </Part>
  );
}

/** `mnist:2`; the id of one without a name. */
function datasetName(name: string | null, version: number | null, id: string): string {
  return shown(name === null ? id : version === null ? name : `${name}:${version}`);
}
