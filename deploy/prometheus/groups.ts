import { ACCESS_ALERTS } from './alerts/access.ts';
import { BROKER_ALERTS } from './alerts/broker.ts';
import { CERTIFICATE_ALERTS } from './alerts/certificates.ts';
import { INJECTOR_ALERTS } from './alerts/injector.ts';
import { KMS_ALERTS } from './alerts/kms.ts';
import { SIDECAR_ALERTS } from './alerts/sidecars.ts';
import { OBJECTIVE_ALERTS, OBJECTIVE_RULES } from './objectives.ts';
import { RECORDING_RULES } from './recording.ts';
import type { Alert, AlertingRule, RuleGroup } from './rule.ts';

/** Where whoever gets an alert can read docs/runbooks; change it to where you keep them. */
export const RUNBOOKS_URL = 'https://docs.example/cmk/runbooks';

/** Every alert, by its page of docs/runbooks. */
export const ALERTS: Readonly<Record<string, readonly Alert[]>> = {
  objectives: OBJECTIVE_ALERTS,
  broker: BROKER_ALERTS,
  kms: KMS_ALERTS,
  sidecars: SIDECAR_ALERTS,
  certificates: CERTIFICATE_ALERTS,
  access: ACCESS_ALERTS,
  injector: INJECTOR_ALERTS,
};

/** All rules. Those of a group are evaluated in their order, so alerts see what was recorded a moment ago. */
export const GROUPS: readonly RuleGroup[] = [
  { name: 'cmk-recording', rules: RECORDING_RULES },
  ...Object.entries(ALERTS).map(([page, alerts]) => ({
    name: `cmk-${page}`,
    rules: [...(page === 'objectives' ? OBJECTIVE_RULES : []), ...alerts.map((alert) => toRule(page, alert))],
  })),
];

function toRule(page: string, alert: Alert): AlertingRule {
  const { name, severity, fault, expr, summary, description } = alert;
  return {
    alert: name,
    expr,
    ...(alert.for && { for: alert.for }),
    labels: { severity, fault },
    annotations: {
      summary,
      description,
      runbook_url: `${RUNBOOKS_URL}/${page}.md#${name.toLowerCase()}`,
    },
  };
}
