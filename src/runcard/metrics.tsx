import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

import { MetricChart } from '../parts/metricchart';
import { useSignal } from '../parts/usesignal';
import { shown, significant } from '../parts/words';
import type { IMetrics, ISeries } from '../tokens';

/** So many charts, values and texts a card has room for. */
const CHARTS = 4;
const VALUES = 4;
const TEXTS = 4;

/** The latest metrics as small charts; those logged once as numbers. */
export function CardMetrics(props: {
  metrics: IMetrics;
  runId: string;
  trans: TranslationBundle;
}): React.JSX.Element | null {
  const { metrics, runId, trans } = props;
  useSignal(metrics.changed);
  const lines = metrics.series.filter(series => series.count > 1);
  const single = metrics.series.filter(series => series.count === 1);
  const texts = [...metrics.texts].slice(0, TEXTS);
  const more = Math.max(0, lines.length - CHARTS) + Math.max(0, single.length - VALUES);
  if (!lines.length && !single.length && !texts.length) {
    return null;
  }
  return (
    <div className="jp-mltrain-RunCard-metrics">
      {lines.length > 0 && (
        <div className="jp-mltrain-RunCard-charts">
          {lines.slice(0, CHARTS).map(series => (
            <MetricChart
              key={series.name}
              series={series}
              trans={trans}
              size="small"
              syncKey={`jupyter-mltrain:${runId}`}
            />
          ))}
        </div>
      )}
      {(single.length > 0 || texts.length > 0 || more > 0) && (
        <p className="jp-mltrain-RunCard-values">
          {single.slice(0, VALUES).map(series => (
            <Value key={series.name} name={series.name} value={lastOf(series)} />
          ))}
          {texts.map(([name, text]) => (
            <Value key={name} name={name} value={text} />
          ))}
          {more > 0 && <span>{trans._n('and %1 more', 'and %1 more', more)}</span>}
        </p>
      )}
    </div>
  );
}

/** The last values, in a line. */
export function MetricValues(props: { metrics: IMetrics }): React.JSX.Element | null {
  const { metrics } = props;
  useSignal(metrics.changed);
  const series = metrics.series.slice(-VALUES);
  return series.length ? (
    <span className="jp-mltrain-RunCard-values">
      {series.map(each => (
        <Value key={each.name} name={each.name} value={lastOf(each)} />
      ))}
    </span>
  ) : null;
}

function Value(props: { name: string; value: number | string | null }): React.JSX.Element {
  const { name, value } = props;
  return (
    <span className="jp-mltrain-RunCard-metric" title={String(value)}>
      {shown(name)}{' '}
      <b>{typeof value === 'number' ? significant(value) : shown(value ?? '—')}</b>
    </span>
  );
}

function lastOf(series: ISeries): number | null {
  return series.values.at(-1) ?? null;
}
