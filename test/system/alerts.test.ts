import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';
import { stringify } from 'yaml';
import { GROUPS } from '../../deploy/prometheus/groups.ts';
import type { RuleGroup } from '../../deploy/prometheus/rule.ts';
import { promtoolTests, type AlertCases } from '../deploy/prometheus/cases/alert-cases.ts';
import { OBJECTIVE_CASES } from '../deploy/prometheus/cases/objectives.ts';
import { THRESHOLD_CASES } from '../deploy/prometheus/cases/thresholds.ts';

const run = promisify(execFile);
const RULES = resolve('deploy/prometheus/rules.yaml');

test('Prometheus has nothing against the rules', async (t) => {
  const { stdout } = await run('promtool', ['check', 'rules', RULES]);
  t.regex(stdout, /SUCCESS: \d+ rules found/);
});

interface Suite {
  readonly cases: Readonly<Record<string, AlertCases>>;
  readonly groups: readonly RuleGroup[];
  /** Between evaluations: the shortest window needs no more. */
  readonly interval: string;
}

const ABOUT_OBJECTIVES = GROUPS.filter(({ name }) => name === 'cmk-objectives');
/** Each with the groups that it needs: days of what objectives are about take long to evaluate. */
const SUITES: Readonly<Record<string, Suite>> = {
  'alerts with thresholds': {
    cases: THRESHOLD_CASES,
    groups: GROUPS.filter((group) => !ABOUT_OBJECTIVES.includes(group)),
    interval: '1m',
  },
  'alerts about objectives': { cases: OBJECTIVE_CASES, groups: ABOUT_OBJECTIVES, interval: '5m' },
};

for (const [title, { cases, groups, interval }] of Object.entries(SUITES)) {
  test.serial(`${title} fire when they should, with their texts, and are silent otherwise`, async (t) => {
    const dir = mkdtempSync(join(tmpdir(), 'cmk-alerts-'));
    t.teardown(() => rmSync(dir, { recursive: true }));
    const rulesFile = join(dir, 'rules.yaml');
    writeFileSync(rulesFile, stringify({ groups }, { aliasDuplicateObjects: false }));
    const file = join(dir, 'tests.yaml');
    writeFileSync(file, promtoolTests(cases, { rulesFile, interval }));
    const options = { timeout: 240_000, maxBuffer: 10_000_000 };
    await t.notThrowsAsync(run('promtool', ['test', 'rules', file], options));
  });
}
