import { existsSync, readFileSync } from 'node:fs';
import test from 'ava';
import { ALERTS, GROUPS, RUNBOOKS_URL } from '../../../deploy/prometheus/groups.ts';
import { MONITORING_FILES } from '../../../scripts/generate-monitoring.ts';
import { unknownNames } from '../../support/metric-names.ts';
import { OBJECTIVE_CASES } from './cases/objectives.ts';
import { vocabularyOf } from '../../support/promql.ts';
import { THRESHOLD_CASES } from './cases/thresholds.ts';

const RULES = GROUPS.flatMap(({ rules }) => rules);
const CASES = { ...OBJECTIVE_CASES, ...THRESHOLD_CASES };

for (const [file, render] of Object.entries(MONITORING_FILES)) {
  test(`${file} is as its source says; else run npm run generate`, (t) => {
    t.is(readFileSync(file, 'utf8'), render());
  });
}

test('rules name only metrics, labels and values that there are', (t) => {
  for (const rule of RULES) {
    const name = 'alert' in rule ? rule.alert : rule.record;
    t.deepEqual(unknownNames(rule.expr), [], name);
  }
});

test('what there is not is found', (t) => {
  t.deepEqual(
    unknownNames('sum by (nonsense) (rate(cmk_rpc_in_flight{asset="1",method=~"Encrypt|Chop"}[5m]))'),
    ['label nonsense', 'label cmk_rpc_in_flight{asset}', 'cmk_rpc_in_flight{method="Chop"}'],
  );
  t.deepEqual(unknownNames('spectral(cmk_gone_total) > 1 unless up == bool 0 offset 5m'), [
    'function spectral',
    'metric cmk_gone_total',
  ]);
  t.throws(() => vocabularyOf('up ? 1'), { message: /not PromQL at 3/ });
});

test('each alert has a name of its own, texts, a severity, and a section of a runbook', (t) => {
  const all = Object.entries(ALERTS).flatMap(([page, alerts]) => alerts.map((alert) => ({ page, ...alert })));
  t.true(all.length >= 40);
  t.is(new Set(all.map(({ name }) => name)).size, all.length);
  for (const { page, name, summary, description, fault } of all) {
    const rule = RULES.find((each) => 'alert' in each && each.alert === name);
    if (!rule || !('alert' in rule)) return t.fail(name);
    t.regex(name, /^Cmk[A-Z][A-Za-z]+$/);
    t.regex(summary, /[^.]$/, name);
    t.regex(description, /\.$/, name);
    t.true(['page', 'ticket'].includes(rule.labels['severity'] ?? ''), name);
    t.is(rule.labels['fault'], fault);
    t.is(rule.annotations['runbook_url'], `${RUNBOOKS_URL}/${page}.md#${name.toLowerCase()}`);
    const file = `docs/runbooks/${page}.md`;
    t.true(existsSync(file), file);
    t.true(readFileSync(file, 'utf8').includes(`\n## ${name}\n`), `${file}: ## ${name}`);
  }
});

test('runbooks have no section of an alert that is no more', (t) => {
  for (const [page, alerts] of Object.entries(ALERTS)) {
    const text = readFileSync(`docs/runbooks/${page}.md`, 'utf8');
    const sections = [...text.matchAll(/^## (Cmk\w+)$/gm)].map(([, name]) => name);
    t.deepEqual(
      sections,
      alerts.map(({ name }) => name),
      page,
    );
  }
});

test('queries of runbooks name what there is', (t) => {
  for (const page of ['README', ...Object.keys(ALERTS)]) {
    const text = readFileSync(`docs/runbooks/${page}.md`, 'utf8');
    // Most stand in lists, and are indented.
    const queries = [...text.matchAll(/^ *```promql\n([^]*?)\n *```$/gm)];
    t.is(queries.length, text.split('```promql').length - 1, page);
    for (const [, query = ''] of queries) t.deepEqual(unknownNames(query), [], `${page}: ${query}`);
  }
});

test('each alert has cases in which it fires, and some in which it does not', (t) => {
  const names = Object.values(ALERTS).flatMap((alerts) => alerts.map(({ name }) => name));
  t.deepEqual(Object.keys(CASES).sort(), [...names].sort());
  for (const [name, { fires, silent }] of Object.entries(CASES)) {
    t.true(fires.length > 0 && silent.length > 0, name);
  }
});

test('what alerts say of labels, their expressions have', (t) => {
  for (const rule of RULES) {
    if (!('alert' in rule)) continue;
    const said = [...JSON.stringify(rule.annotations).matchAll(/\$labels\.(\w+)/g)].map(([, label]) => label);
    const { labels, functions } = vocabularyOf(rule.expr);
    const isAggregated = functions.some((name) => ['sum', 'max', 'count', 'absent'].includes(name));
    if (isAggregated)
      t.deepEqual(
        said.filter((label) => !labels.includes(label ?? '')),
        [],
        rule.alert,
      );
  }
});
