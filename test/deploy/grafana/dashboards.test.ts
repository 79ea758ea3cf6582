import { readFileSync } from 'node:fs';
import test from 'ava';
import { parse } from 'yaml';
import { CUSTOMER_DASHBOARD } from '../../../deploy/grafana/customer.ts';
import { METRIC_DASHBOARDS, RENDERED } from '../../../deploy/grafana/dashboards.ts';
import type { Panel } from '../../../deploy/grafana/frame.ts';
import { literalProblems, type TypedLiteral } from '../../support/literal-problems.ts';
import { unknownNames } from '../../support/metric-names.ts';
import { vocabularyOf } from '../../support/promql.ts';

interface Rendered {
  readonly panels: readonly {
    readonly id: number;
    readonly type: string;
    readonly title: string;
    readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
    readonly targets?: readonly { readonly refId: string }[];
  }[];
}

test('each dashboard has an id of its own, and is among those for Kubernetes', (t) => {
  const uids = Object.keys(RENDERED);
  t.is(uids.length, METRIC_DASHBOARDS.length + 1);
  t.true(uids.every((uid) => /^[a-z-]{1,40}$/.test(uid)));
  const { configMapGenerator } = parse(readFileSync('deploy/grafana/kustomization.yaml', 'utf8')) as {
    configMapGenerator: { files: string[] }[];
  };
  t.deepEqual(
    configMapGenerator.flatMap(({ files }) => files),
    uids.map((uid) => `${uid}.json`),
  );
});

for (const { uid, sections } of [...METRIC_DASHBOARDS, CUSTOMER_DASHBOARD]) {
  const panels = sections.flatMap<Panel>((section) => section.panels);

  test(`${uid}: panels have ids of their own, stand on the grid, and on no other`, (t) => {
    const rendered = (RENDERED[uid] as Rendered).panels;
    t.is(rendered.length, panels.length + sections.length);
    t.is(new Set(rendered.map(({ id }) => id)).size, rendered.length);
    const taken = new Map<string, string>();
    for (const { title, gridPos, targets = [] } of rendered) {
      const { x, y, w, h } = gridPos;
      t.true(x >= 0 && y >= 0 && w > 0 && h > 0 && x + w <= 24, title);
      t.is(new Set(targets.map(({ refId }) => refId)).size, targets.length, title);
      for (let column = x; column < x + w; column++) {
        for (let row = y; row < y + h; row++) {
          t.is(taken.get(`${column} ${row}`), undefined, `${title} is on`);
          taken.set(`${column} ${row}`, title);
        }
      }
    }
  });

  test(`${uid}: titles ask, descriptions say what is good, and each title is there once`, (t) => {
    for (const { title, description } of panels) {
      t.regex(title, /^[A-Z][^?]*\?$/);
      t.regex(description, /^[A-Z“][^]*\.$/, title);
    }
    t.is(new Set(panels.map(({ title }) => title)).size, panels.length);
  });
}

for (const dashboard of METRIC_DASHBOARDS) {
  const panels = dashboard.sections.flatMap((section) => section.panels);

  test(`${dashboard.uid}: queries name what there is, and legends what queries leave`, (t) => {
    for (const { title, queries } of panels) {
      t.true(queries.length > 0, title);
      for (const { expr, legend } of queries) {
        t.deepEqual(unknownNames(expr), [], title);
        const { labels, functions } = vocabularyOf(expr);
        const isAggregated = functions.some((name) => ['sum', 'max', 'min', 'count'].includes(name));
        const shown = [...legend.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label);
        if (isAggregated)
          t.deepEqual(
            shown.filter((label) => !labels.includes(label)),
            [],
            title,
          );
        t.not(legend, '', title);
      }
    }
    for (const { name, metric } of dashboard.variables ?? []) {
      t.deepEqual(unknownNames(`${metric}{${name}="x"}`), [], name);
    }
  });
}

const MISTAKES = {
  'another case': ['"schemaVersion":', '"schemaversion":'],
  'no kind of panel': ['"type":"timeseries"', '"type":"graph"'],
  'a member of a query': ['"legendFormat":', '"legend":'],
  'a word of an option': ['"displayMode":"table"', '"displayMode":"tabular"'],
  'a word of a colour': ['"mode":"palette-classic"', '"mode":"palette"'],
  'a member of a field': ['"showPoints":', '"points":'],
  'a number that stands for nothing': ['"refresh":2', '"refresh":9'],
  'a member of a variable': ['"includeAll":', '"all":'],
  'a member of a place': ['"gridPos":{"x":', '"gridPos":{"left":'],
  'a member deep inside': ['"calcs":', '"calculations":'],
} as const;

test('Grafana’s schema has nothing against them, and would say so', (t) => {
  const sound = JSON.stringify(RENDERED['cmk-sidecars']);
  const broken = Object.entries(MISTAKES).map(([name, [right, wrong]]) => {
    t.true(sound.includes(right), name);
    return [name, JSON.parse(sound.replace(right, wrong)) as object] as const;
  });
  const literals = [...Object.entries(RENDERED), ...broken].map(([name, value]): [string, TypedLiteral] => [
    name,
    { type: 'DashboardFile', value },
  ]);
  const imports = "import type { DashboardFile } from './grafana-schema.ts';";
  const problems = literalProblems(imports, Object.fromEntries(literals));
  const named = new Set(problems.map((problem) => problem.slice(0, problem.indexOf(':'))));
  t.deepEqual([...named].sort(), Object.keys(MISTAKES).sort());
});
