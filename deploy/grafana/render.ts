import type { Dashboard, Panel, Section, SqlDashboard, SqlPanel, SqlVariable, Variable } from './panel.ts';

const COLUMNS = 24;
const PROMETHEUS = 'prometheus';
const POSTGRESQL = 'grafana-postgresql-datasource';
const DATASOURCE = { type: PROMETHEUS, uid: '$datasource' };
const DATABASE = { type: POSTGRESQL, uid: '$datasource' };
/** Where operators see accounts; change it to CMK_PORTAL_URL. */
const PORTAL_URL = 'https://keys.example';
const HEIGHTS = { timeseries: 8, stat: 4, table: 7, bars: 8 } as const;

/** A dashboard as Grafana 10 and later import it. */
export function renderDashboard(dashboard: Dashboard): object {
  const { variables = [], sections } = dashboard;
  return {
    ...frame(dashboard),
    refresh: '1m',
    templating: { list: [datasourceVariable('Prometheus', PROMETHEUS), ...variables.map(queryVariable)] },
    panels: layOut(sections, renderPanel),
  };
}

/** The same; it is loaded again only when somebody asks, for the database has other work. */
export function renderSqlDashboard(dashboard: SqlDashboard): object {
  const { variables, sections } = dashboard;
  return {
    ...frame(dashboard),
    time: { from: 'now-7d', to: 'now' },
    refresh: '',
    templating: { list: [datasourceVariable('Database', POSTGRESQL), ...variables.map(sqlVariable)] },
    panels: layOut(sections, renderSqlPanel),
  };
}

function frame({ uid, title, description }: Pick<Dashboard, 'uid' | 'title' | 'description'>): object {
  return {
    uid,
    title,
    description,
    tags: ['cmk'],
    schemaVersion: 39,
    version: 1,
    editable: false,
    graphTooltip: 1,
    time: { from: 'now-6h', to: 'now' },
    links: [
      { type: 'dashboards', tags: ['cmk'], asDropdown: false, title: 'CMK', includeVars: false },
      { type: 'link', title: 'Which account? The portal knows', url: PORTAL_URL, targetBlank: true },
    ],
  };
}

/** Panels flow from left to right; each section begins a row. */
function layOut<P extends Panel | SqlPanel>(
  sections: readonly Section<P>[],
  render: (panel: P) => object,
): object[] {
  const panels: object[] = [];
  let y = 0;
  for (const section of sections) {
    const gridPos = { x: 0, y, w: COLUMNS, h: 1 };
    panels.push({
      id: panels.length + 1,
      type: 'row',
      title: section.title,
      collapsed: false,
      panels: [],
      gridPos,
    });
    y += 1;
    let x = 0;
    let height = 0;
    for (const panel of section.panels) {
      const w = panel.width ?? 8;
      const h = HEIGHTS[panel.kind ?? 'timeseries'];
      if (x + w > COLUMNS) {
        x = 0;
        y += height;
        height = 0;
      }
      panels.push({ id: panels.length + 1, ...render(panel), gridPos: { x, y, w, h } });
      x += w;
      height = Math.max(height, h);
    }
    y += height;
  }
  return panels;
}

function renderPanel({ title, description, kind = 'timeseries', unit, queries, limits }: Panel): object {
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

function renderSqlPanel({ title, description, kind, sql }: SqlPanel): object {
  const isTable = kind === 'table';
  return {
    type: isTable ? 'table' : 'timeseries',
    title,
    description,
    datasource: DATABASE,
    targets: [
      {
        refId: 'A',
        datasource: DATABASE,
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

function steps(limits: Panel['limits']): object[] {
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

function datasourceVariable(label: string, query: string): object {
  return { name: 'datasource', label, type: 'datasource', query, current: {} };
}

function sqlVariable({ name, label, sql }: SqlVariable): object {
  return {
    name,
    label,
    type: 'query',
    datasource: DATABASE,
    definition: sql,
    query: sql,
    refresh: 1,
    sort: 0,
  };
}

function queryVariable({ name, label, metric }: Variable): object {
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
