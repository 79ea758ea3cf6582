// Writes deploy/prometheus/*.yaml, the rules as Prometheus reads them and as Prometheus Operator does, and
// deploy/grafana/*.json, the dashboards as Grafana imports them.
import { writeFileSync } from 'node:fs';
import { stringify } from 'yaml';
import { RENDERED } from '../deploy/grafana/dashboards.ts';
import { GROUPS } from '../deploy/prometheus/groups.ts';

/** Generated files, and what is in them. */
export const MONITORING_FILES: Readonly<Record<string, () => string>> = {
  'deploy/prometheus/rules.yaml': () => yaml({ groups: GROUPS }),
  'deploy/prometheus/prometheus-rule.yaml': () =>
    yaml({
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'PrometheusRule',
      metadata: { name: 'cmk', labels: { 'app.kubernetes.io/part-of': 'cmk' } },
      spec: { groups: GROUPS },
    }),
  ...Object.fromEntries(
    Object.entries(RENDERED).map(([uid, dashboard]) => [
      `deploy/grafana/${uid}.json`,
      () => `${JSON.stringify(dashboard, null, 2)}\n`,
    ]),
  ),
};

function yaml(content: object): string {
  const text = stringify(content, { lineWidth: 0, aliasDuplicateObjects: false });
  return `# Written by \`npm run generate\` from deploy/prometheus/groups.ts; change that.\n${text}`;
}

if (import.meta.main) {
  for (const [file, render] of Object.entries(MONITORING_FILES)) writeFileSync(file, render());
}
