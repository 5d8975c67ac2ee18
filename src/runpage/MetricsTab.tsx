import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import type * as wire from '../api/wire';
import { MetricChart } from '../parts/metricchart';
import { useHeld } from '../parts/holding';
import { useLoaded } from '../parts/useloaded';
import { useSignal } from '../parts/usesignal';
import { isFinal, shown } from '../parts/words';
import type { IVerbs, IWorkspace } from '../tokens';
import { PreviewBody } from './FilePreview';
import { preview } from './preview';

/** Most images that are shown: the latest. */
const IMAGES = 24;

/** What the run has logged: charts that share their x, texts, images. */
export function MetricsTab(props: {
  workspace: IWorkspace;
  run: wire.Run;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { workspace, run, trans } = props;
  const metrics = useHeld(run.id, () => workspace.metrics(run.id));
  useSignal(metrics?.changed);
  if (!metrics?.ready) {
    return metrics?.problem ? (
      <p className="jp-mltrain-RunPage-empty">{metrics.problem}</p>
    ) : (
      <div className="jp-mltrain-Metrics-charts" aria-hidden="true">
        <div className="jp-mltrain-Metrics-skeleton" />
        <div className="jp-mltrain-Metrics-skeleton" />
      </div>
    );
  }
  const { images, problem, series, texts } = metrics;
  if (!series.length && !texts.size && !images.length) {
    return (
      <div className="jp-mltrain-RunPage-empty">
        <p>
          {isFinal(run) ? trans.__('The run logged no metrics.') : trans.__('No metrics yet.')}
        </p>
        <p>{trans.__('A script logs them like this:')}</p>
        <pre>{EXAMPLE}</pre>
      </div>
    );
  }
  const latest = images.slice(-IMAGES);
  return (
    <div className="jp-mltrain-Metrics">
      {problem !== null && <p className="jp-mltrain-RunPage-note">{problem}</p>}
      {series.length > 0 && (
        <div className="jp-mltrain-Metrics-charts">
          {series.map(each => (
            <MetricChart
              key={each.name}
              series={each}
              trans={trans}
              size="large"
              syncKey={`mltrain-${run.id}`}
            />
          ))}
        </div>
      )}
      {texts.size > 0 && (
        <table className="jp-mltrain-Metrics-texts">
          <caption>{trans.__('Values that are no numbers')}</caption>
          <tbody>
            {[...texts].map(([name, text]) => (
              <tr key={name}>
                <th scope="row">{shown(name)}</th>
                <td>{text}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {latest.length > 0 && (
        <div className="jp-mltrain-Metrics-images">
          {latest.map(({ name, file }) => (
            <LoggedImage
              key={file}
              name={name}
              file={file}
              verbs={workspace.verbs}
              runId={run.id}
              trans={trans}
            />
          ))}
        </div>
      )}
    </div>
  );
}

const EXAMPLE = `from jupyter_mltrain import Run

run = Run.get_context()
run.log("loss", 0.1)`;

function LoggedImage(props: {
  name: string;
  file: string;
  verbs: IVerbs;
  runId: string;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { name, file, verbs, runId, trans } = props;
  const { value, problem } = useLoaded(`${runId} ${file}`, () =>
    preview(limitBytes => verbs.readFile(runId, file, limitBytes), file, 0)
  );
  return (
    <figure>
      <figcaption>{shown(name)}</figcaption>
      {problem !== null ? (
        <p className="jp-mltrain-RunPage-note">{problem}</p>
      ) : value ? (
        <PreviewBody preview={value} name={shown(name)} trans={trans} />
      ) : (
        <div className="jp-mltrain-Metrics-skeleton" aria-hidden="true" />
      )}
    </figure>
  );
}
