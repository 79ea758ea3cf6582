import { ACTS_OF_SERVICES } from '../../broker/model/types.ts';
import type { SqlDashboard, SqlPanel } from './sql-dashboard.ts';

/** Quoted by Grafana. */
const THIS = 'account = ${account:sqlstring}';
const IN_TIME = '$__timeFilter(at)';
const OF_SERVICES = ACTS_OF_SERVICES.map((action) => `'${action}'`).join(', ');

const NOW: readonly SqlPanel[] = [
  {
    title: 'What is the customer’s licence, and what happens when their key fails?',
    description: 'ACCOUNT: all of it. GROUPS: some users. NONE: new data is under the platform key.',
    kind: 'table',
    sql: `select name, licence, fallback_mode as "Fallback" from support_accounts where ${THIS}`,
    width: 12,
  },
  {
    title: 'Which types of assets are enrolled?',
    description: 'Assets of other types are under the platform key.',
    kind: 'table',
    sql: `select srv_id as "Service", type as "Type" from support_enrolments where ${THIS} order by 1, 2`,
    width: 12,
  },
  {
    title: 'Do their keys work?',
    description:
      'Position 0 is the key, the others are replicas. The cause says whose it is: docs/runbooks. UNKNOWN is fine until the first use.',
    kind: 'table',
    sql: `select provider as "KMS", key_id as "Key", lifecycle as "State", position as "Position", key_use as "Use", status as "Status", cause as "Cause", last_success_at as "Last success", last_failure_at as "Last failure" from support_keys where ${THIS} order by created_at desc, position, key_use`,
    width: 24,
  },
  {
    title: 'What is their data under?',
    description:
      'Data keys, by what protects them. FALLBACK_KEY: sealed while their key failed, and on its way back. Counting takes a moment for a large account.',
    kind: 'table',
    sql: `select srv_id as "Service", type as "Type", protection as "Protection", data_keys as "Data keys" from support_protection where ${THIS} order by 1, 2, 3`,
    width: 12,
  },
  {
    title: 'Is data on its way to another key?',
    description: 'The newest first. A move with a problem waits, and goes on by itself when it is solved.',
    kind: 'table',
    sql: `select kind as "Kind", state as "State", moved as "Moved", total as "Of", problem_code as "Waits for", started_at as "Started", ended_at as "Ended" from support_moves where ${THIS} order by started_at desc limit 20`,
    width: 12,
  },
];

const OVER_TIME: readonly SqlPanel[] = [
  {
    title: 'How often were data keys used?',
    description:
      'By the hour. KMS: a KMS was asked. CACHE and SIDECAR_CACHE: within the lease of an earlier call.',
    kind: 'bars',
    sql: `select at as time, coalesce(nullif(source, ''), 'NONE') as metric, sum(uses) as uses from support_uses where ${THIS} and outcome = 'ALLOWED' and action in ('ISSUE', 'RESOLVE', 'USE') and ${IN_TIME} group by 1, 2 order by 1`,
    width: 12,
  },
  {
    title: 'What were services refused, and why?',
    description:
      'By the hour. Causes such as KEY_DISABLED are the customer’s own; the portal says which asset.',
    kind: 'bars',
    sql: `select at as time, concat_ws(' ', outcome, nullif(cause, '')) as metric, sum(events) as events from support_uses where ${THIS} and outcome <> 'ALLOWED' and action in (${OF_SERVICES}) and ${IN_TIME} group by 1, 2 order by 1`,
    width: 12,
  },
  {
    title: 'What did their KMS answer?',
    description: 'Calls by the hour, as their own log shows them. LIMITED did not leave the broker.',
    kind: 'bars',
    sql: `select at as time, result as metric, sum(calls) as calls from support_kms_calls where ${THIS} and ${IN_TIME} group by 1, 2 order by 1`,
    width: 12,
  },
  {
    title: 'When did the platform key stand in?',
    description: 'Without an end: it still does. What was sealed then goes back under their key by itself.',
    kind: 'table',
    sql: `select cause as "Cause", started_at as "From", ended_at as "To", assets as "Assets" from support_fallbacks where ${THIS} order by started_at desc limit 20`,
    width: 12,
  },
  {
    title: 'What were they told?',
    description:
      'Alerts in this time, by channel. PENDING is tried again, FAILED was given up, NOT_CONFIGURED could not be sent from here.',
    kind: 'table',
    sql: `select at as "At", kind as "Alert", channel as "Channel", state as "Delivery", count(channel) as "Messages" from support_alerts where ${THIS} and ${IN_TIME} group by 1, 2, 3, 4 order by 1 desc limit 100`,
    width: 24,
  },
];

/**
 * One account, for the provider's support. Metrics have no accounts, so this asks the database behind the portal, as a
 * role that sees the views of broker/store/migrations/0018-support.ts alone.
 */
export const CUSTOMER_DASHBOARD: SqlDashboard = {
  uid: 'cmk-customer',
  title: 'CMK: one customer',
  description:
    'How an account stands and what it met, for support. Who did what to which asset: the portal and the ledger.',
  variables: [
    {
      name: 'account',
      label: 'Account',
      sql: 'select account as __value, name as __text from support_accounts order by name',
    },
  ],
  sections: [
    { title: 'Now', panels: NOW },
    { title: 'Over time', panels: OVER_TIME },
  ],
};
