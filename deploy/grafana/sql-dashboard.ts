import { renderFrame, type Frame, type Panel, type RenderedPanel } from './frame.ts';

export interface SqlPanel extends Panel {
  /** `bars` wants columns `time`, `metric` and a number. */
  readonly kind: 'table' | 'bars';
  readonly sql: string;
}

/** Something of which whoever looks chooses one. */
interface SqlVariable {
  readonly name: string;
  readonly label: string;
  readonly sql: string;
}

/** One that asks PostgreSQL. */
export interface SqlDashboard extends Frame<SqlPanel> {
  readonly variables: readonly SqlVariable[];
}

const TYPE = 'grafana-postgresql-datasource';
const DATASOURCE = { type: TYPE, uid: '$datasource' };

/** As Grafana imports it. It is loaded again only when somebody asks, for the database has other work. */
export function renderSqlDashboard(dashboard: SqlDashboard): object {
  return renderFrame(dashboard, {
    datasource: { type: TYPE, label: 'Database' },
    range: '7d',
    refresh: '',
    variables: dashboard.variables.map(renderVariable),
    renderPanel,
  });
}

function renderPanel({ title, description, kind, sql }: SqlPanel): RenderedPanel {
  const isTable = kind === 'table';
  return {
    type: isTable ? 'table' : 'timeseries',
    title,
    description,
    datasource: DATASOURCE,
    targets: [
      {
        refId: 'A',
        datasource: DATASOURCE,
        format: isTable ? 'table' : 'time_series',
        editorMode: 'code',
        rawQuery: true,
        rawSql: sql,
      },
    ],
    fieldConfig: {
      defaults: isTable
        ? {}
        : {
            unit: 'short',
            min: 0,
            custom: { drawStyle: 'bars', fillOpacity: 80, stacking: { mode: 'normal', group: 'A' } },
          },
      overrides: [],
    },
    options: isTable
      ? { showHeader: true, cellHeight: 'sm' }
      : {
          legend: { displayMode: 'table', placement: 'bottom', calcs: ['sum'] },
          tooltip: { mode: 'multi', sort: 'desc' },
        },
  };
}

function renderVariable({ name, label, sql }: SqlVariable): object {
  return {
    name,
    label,
    type: 'query',
    datasource: DATASOURCE,
    definition: sql,
    query: sql,
    refresh: 1,
    sort: 0,
  };
}
