import { renderFrame, type Frame, type Panel, type RenderedPanel } from './frame.ts';
import type { Query } from './query.ts';

/** Grafana's names of units. */
type Unit = 'short' | 'percentunit' | 's' | 'reqps' | 'Bps' | 'bytes' | 'd' | 'suffix:×';

/** A picture of something; its title is a question, and the picture the answer. */
export interface MetricPanel extends Panel {
  /** Default: `timeseries`. */
  readonly kind?: 'timeseries' | 'stat';
  readonly unit: Unit;
  readonly queries: readonly Query[];
  /** From where on a value is yellow and red; the other way round when `lower` is worse. Default: always green. */
  readonly limits?: { readonly warn: number; readonly bad: number; readonly worse?: 'higher' | 'lower' };
}

/** A label of which whoever looks chooses values. */
interface LabelVariable {
  readonly name: string;
  readonly label: string;
  /** The metric whose values there are. */
  readonly metric: string;
}

/** One that asks Prometheus. */
export interface MetricDashboard extends Frame<MetricPanel> {
  readonly variables?: readonly LabelVariable[];
}

const TYPE = 'prometheus';
const DATASOURCE = { type: TYPE, uid: '$datasource' };

/** As Grafana imports it. */
export function renderMetricDashboard(dashboard: MetricDashboard): object {
  return renderFrame(dashboard, {
    datasource: { type: TYPE, label: 'Prometheus' },
    range: '6h',
    refresh: '1m',
    variables: (dashboard.variables ?? []).map(renderVariable),
    renderPanel,
  });
}

function renderPanel({
  title,
  description,
  kind = 'timeseries',
  unit,
  queries,
  limits,
}: MetricPanel): RenderedPanel {
  return {
    type: kind,
    title,
    description,
    datasource: DATASOURCE,
    targets: queries.map(({ expr, legend }, index) => ({
      refId: String.fromCharCode(65 + index),
      datasource: DATASOURCE,
      expr,
      legendFormat: legend,
      ...(kind === 'timeseries' ? { range: true } : { instant: true }),
    })),
    fieldConfig: {
      defaults: {
        unit,
        min: 0,
        thresholds: { mode: 'absolute', steps: steps(limits) },
        color: { mode: kind === 'timeseries' ? 'palette-classic' : 'thresholds' },
        ...(kind === 'timeseries' && {
          custom: {
            fillOpacity: 10,
            showPoints: 'never',
            thresholdsStyle: { mode: limits ? 'dashed' : 'off' },
          },
        }),
      },
      overrides: [],
    },
    options:
      kind === 'timeseries'
        ? {
            legend: { displayMode: 'table', placement: 'bottom', calcs: ['lastNotNull', 'max'] },
            tooltip: { mode: 'multi', sort: 'desc' },
          }
        : { reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false } },
  };
}

function steps(limits: MetricPanel['limits']): object[] {
  if (!limits) return [{ color: 'green', value: null }];
  const { warn, bad, worse = 'higher' } = limits;
  return worse === 'higher'
    ? [
        { color: 'green', value: null },
        { color: 'yellow', value: warn },
        { color: 'red', value: bad },
      ]
    : [
        { color: 'red', value: null },
        { color: 'yellow', value: bad },
        { color: 'green', value: warn },
      ];
}

function renderVariable({ name, label, metric }: LabelVariable): object {
  const query = `label_values(${metric}, ${name})`;
  return {
    name,
    label,
    type: 'query',
    datasource: DATASOURCE,
    definition: query,
    query: { query, refId: name },
    refresh: 2,
    multi: true,
    includeAll: true,
    allValue: '.*',
    current: { text: 'All', value: '$__all' },
  };
}
