import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import type uPlot from 'uplot';

import type { ISeries } from '../tokens';
import { themeOf, useTheme } from './theme';
import { shown, significant } from './words';

const SMALL_HEIGHT = 36;
const LARGE_HEIGHT = 180;

export interface IMetricChartProps {
  series: ISeries;
  trans: TranslationBundle;
  /** `small`: a line without axes, for cards. `large`: with axes and a cursor. */
  size: 'small' | 'large';
  /** Charts with the same key share their cursor: it reads the values of all at one step. */
  syncKey?: string;
}

/** One metric as a line over its steps, with its latest value, or that under the cursor. */
export const MetricChart = React.memo(function MetricChart(
  props: IMetricChartProps
): React.JSX.Element {
  const { series, size, syncKey, trans } = props;
  const host = React.useRef<HTMLDivElement>(null);
  const [hovered, setHovered] = React.useState<number | null>(null);
  const plot = usePlot(host, series, size, syncKey, setHovered);
  React.useEffect(() => {
    plot?.setData(dataOf(series));
  }, [plot, series, series.values, series.count]);

  const at = hovered !== null && hovered < series.values.length ? hovered : null;
  const value = series.values[at ?? series.values.length - 1] ?? null;
  const name = shown(series.name);
  return (
    <figure className="jp-mltrain-MetricChart" data-size={size}>
      <figcaption className="jp-mltrain-MetricChart-caption">
        <span className="jp-mltrain-MetricChart-name" title={name}>
          {name}
        </span>
        {at !== null && (
          <span className="jp-mltrain-MetricChart-step">
            {trans.__('step %1', series.steps[at])}
          </span>
        )}
        <span className="jp-mltrain-MetricChart-value" title={String(value)}>
          {valueText(trans, value, at !== null)}
        </span>
      </figcaption>
      <div
        ref={host}
        className="jp-mltrain-MetricChart-plot"
        role="img"
        aria-label={description(trans, series)}
        style={{ height: size === 'small' ? SMALL_HEIGHT : LARGE_HEIGHT }}
      />
    </figure>
  );
});

function valueText(trans: TranslationBundle, value: number | null, exact: boolean): string {
  return value === null ? trans.__('no number') : exact ? String(value) : significant(value);
}

/** What the chart shows, for those who cannot see it. */
function description(trans: TranslationBundle, series: ISeries): string {
  const values = series.values.filter(value => value !== null);
  const latest = series.values.at(-1) ?? null;
  const least = values.reduce((a, b) => Math.min(a, b), Infinity);
  const most = values.reduce((a, b) => Math.max(a, b), -Infinity);
  return trans._n(
    '%2: one value, %3',
    '%2: %1 values, the latest %3, from %4 to %5',
    series.count,
    shown(series.name),
    valueText(trans, latest, false),
    significant(least),
    significant(most)
  );
}

function dataOf(series: ISeries): uPlot.AlignedData {
  return [[...series.steps], [...series.values]];
}

/** The plot in an element: loaded when first needed, as wide as the element, in its colours. */
function usePlot(
  host: React.RefObject<HTMLDivElement>,
  series: ISeries,
  size: 'small' | 'large',
  syncKey: string | undefined,
  onHover: (index: number | null) => void
): uPlot | null {
  const theme = useTheme();
  const [plot, setPlot] = React.useState<uPlot | null>(null);
  const latest = React.useRef(series);
  latest.current = series;
  React.useEffect(() => {
    const element = host.current;
    let made: uPlot | null = null;
    let left = false;
    const resizing = new ResizeObserver(() => {
      const width = element?.clientWidth ?? 0;
      if (made && width && width !== made.width) {
        made.setSize({ width, height: made.height });
      }
    });
    void import('uplot').then(({ default: Plot }) => {
      if (element && !left) {
        const options = optionsOf(element, size, syncKey, onHover);
        made = new Plot(options, dataOf(latest.current), element);
        resizing.observe(element);
        setPlot(made);
      }
    });
    return () => {
      left = true;
      resizing.disconnect();
      made?.destroy();
      setPlot(null);
    };
  }, [host, size, syncKey, onHover, theme]);
  return plot;
}

function optionsOf(
  element: HTMLElement,
  size: 'small' | 'large',
  syncKey: string | undefined,
  onHover: (index: number | null) => void
): uPlot.Options {
  const colors = themeOf(element);
  const small = size === 'small';
  const line = colors('--jp-brand-color1', '#1976d2');
  const ink = colors('--jp-ui-font-color2', '#888');
  const grid = { stroke: colors('--jp-border-color2', '#ddd'), width: 1 };
  const font = `11px ${colors('--jp-ui-font-family', 'sans-serif')}`;
  const axis: uPlot.Axis = { stroke: ink, font, grid, ticks: { ...grid, size: 4 }, gap: 4 };
  return {
    width: element.clientWidth || 120,
    height: small ? SMALL_HEIGHT : LARGE_HEIGHT,
    ...(small ? { padding: [3, 3, 3, 3] } : {}),
    legend: { show: false },
    scales: { x: { time: false } },
    cursor: {
      y: false,
      drag: { x: !small, y: false },
      points: { size: 6 },
      ...(syncKey ? { sync: { key: syncKey, scales: ['x', null] } } : {})
    },
    axes: small
      ? [{ show: false }, { show: false }]
      : [
          { ...axis, size: 26 },
          {
            ...axis,
            size: 52,
            space: 28,
            values: (_, splits) => splits.map(split => significant(Number(split.toFixed(12))))
          }
        ],
    series: [
      {},
      {
        stroke: line,
        width: 1.5,
        points: small ? { show: isSingle, size: 4, fill: line } : { fill: line }
      }
    ],
    hooks: { setCursor: [self => onHover(self.cursor.idx ?? null)] }
  };
}

/** A single value makes no line; without a point nothing would be seen of it. */
function isSingle(self: uPlot): boolean {
  return self.data[0].length < 2;
}
