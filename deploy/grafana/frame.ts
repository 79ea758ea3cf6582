/** What every panel has, whatever it asks. */
export interface Panel {
  readonly title: string;
  /** What is good, what is bad, and where to go on. */
  readonly description: string;
  /** Columns of 24; default 8. */
  readonly width?: number;
}

export interface Section<P extends Panel> {
  readonly title: string;
  readonly panels: readonly P[];
}

/** What every dashboard has. */
export interface Frame<P extends Panel> {
  /** Stays the same for ever: links name it. At most 40 characters. */
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly sections: readonly Section<P>[];
}

/** Of one kind of dashboards. */
interface Kind<P extends Panel> {
  /** Grafana's name of what is asked, and ours for people. */
  readonly datasource: { readonly type: string; readonly label: string };
  /** Over how long, such as `6h`. */
  readonly range: string;
  /** How often it is loaded again; empty: when somebody asks. */
  readonly refresh: string;
  readonly variables: readonly object[];
  readonly renderPanel: (panel: P) => RenderedPanel;
}

/** A panel as Grafana has it, but for its place. */
export interface RenderedPanel {
  readonly type: keyof typeof HEIGHTS;
  readonly [member: string]: unknown;
}

const COLUMNS = 24;
const HEIGHTS = { timeseries: 8, stat: 4, table: 7 } as const;
/** Where operators see accounts; change it to CMK_PORTAL_URL. */
const PORTAL_URL = 'https://keys.example';

/** A dashboard as Grafana 10.2.3 and later import it. */
export function renderFrame<P extends Panel>(
  { uid, title, description, sections }: Frame<P>,
  { datasource: { type, label }, range, refresh, variables, renderPanel }: Kind<P>,
): object {
  return {
    uid,
    title,
    description,
    tags: ['cmk'],
    schemaVersion: 39,
    version: 1,
    editable: false,
    graphTooltip: 1,
    time: { from: `now-${range}`, to: 'now' },
    links: [
      { type: 'dashboards', tags: ['cmk'], asDropdown: false, title: 'CMK', includeVars: false },
      { type: 'link', title: 'Which account? The portal knows', url: PORTAL_URL, targetBlank: true },
    ],
    refresh,
    templating: {
      list: [{ name: 'datasource', label, type: 'datasource', query: type, current: {} }, ...variables],
    },
    panels: layOut(sections, renderPanel),
  };
}

/** Panels flow from left to right; each section begins a row. */
function layOut<P extends Panel>(
  sections: readonly Section<P>[],
  renderPanel: (panel: P) => RenderedPanel,
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
      const rendered = renderPanel(panel);
      const w = panel.width ?? 8;
      const h = HEIGHTS[rendered.type];
      if (x + w > COLUMNS) {
        x = 0;
        y += height;
        height = 0;
      }
      panels.push({ id: panels.length + 1, ...rendered, gridPos: { x, y, w, h } });
      x += w;
      height = Math.max(height, h);
    }
    y += height;
  }
  return panels;
}
