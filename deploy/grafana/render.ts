import type { Dashboard, Panel, Section, Variable } from './panel.ts';

const COLUMNS = 24;
const DATASOURCE = { type: 'prometheus', uid: '$datasource' };
/** Where operators see accounts; change it to CMK_PORTAL_URL. */
const PORTAL_URL = 'https://keys.example';
const HEIGHTS = { timeseries: 8, stat: 4 } as const;

/** A dashboard as Grafana 10 and later import it. */
export function renderDashboard({ uid, title, description, variables = [], sections }: Dashboard): object {
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
    refresh: '1m',
    links: [
      { type: 'dashboards', tags: ['cmk'], asDropdown: false, title: 'CMK', includeVars: false },
      { type: 'link', title: 'Which account? The portal knows', url: PORTAL_URL, targetBlank: true },
    ],
    templating: { list: [datasourceVariable(), ...variables.map(queryVariable)] },
    panels: layOut(sections),
  };
}

/** Panels flow from left to right; each section begins a row. */
function layOut(sections: readonly Section[]): object[] {
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
      panels.push({ id: panels.length + 1, ...renderPanel(panel), gridPos: { x, y, w, h } });
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

function datasourceVariable(): object {
  return { name: 'datasource', label: 'Prometheus', type: 'datasource', query: 'prometheus', current: {} };
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
