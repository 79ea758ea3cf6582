import type { Knex } from 'knex';
import { isSqlite } from './columns.ts';

/**
 * What the provider's support may see of an account: the dashboard deploy/grafana/customer.ts reads these views, as a role
 * that may read nothing else. No assets, users, owners, contacts, key material or addresses of keys. SQLite has no roles.
 * A later migration that changes a column below has to drop the view first, make it again, and grant again what was granted.
 */
const VIEWS = {
  support_accounts: `select id as account, name, licence, fallback_mode from accounts`,
  support_enrolments: `select account, srv_id, type from enrolments`,
  support_protection: `
    select account, srv_id, type, protection, count(*) as data_keys
    from data_keys where destroyed_at is null group by account, srv_id, type, protection`,
  support_keys: `
    select k.account, k.id as key_id, k.provider, k.lifecycle, to_timestamp(k.created_at) as created_at,
      r.position, s.key_use, s.status, s.cause, to_timestamp(s.last_success_at / 1000.0) as last_success_at,
      to_timestamp(s.last_failure_at / 1000.0) as last_failure_at
    from keks k join kek_references r on r.kek_id = k.id
    left join key_statuses s on s.kek_id = k.id and s.reference = r.reference
    where k.account is not null`,
  support_uses: `
    select chain as account, to_timestamp(hour * 3600) as at, action, outcome, source, cause, events, uses
    from ledger_tallies where chain <> ''`,
  support_kms_calls: `
    select account, to_timestamp(hour * 3600) as at, operation, result, sum(calls) as calls
    from kms_tallies t
    where account <> '' and not exists (select from keks k where k.id = t.kek_id and k.account is null)
    group by account, hour, operation, result`,
  support_fallbacks: `
    select account, cause, to_timestamp(started_at / 1000.0) as started_at,
      to_timestamp(ended_at / 1000.0) as ended_at, assets
    from fallback_episodes`,
  support_moves: `
    select account, kind, state, to_timestamp(started_at / 1000.0) as started_at,
      to_timestamp(ended_at / 1000.0) as ended_at, total, moved, problem_code
    from moves`,
  support_alerts: `
    select a.account, to_timestamp(a.at / 1000.0) as at, a.facts::json ->> 'kind' as kind, d.channel, d.state
    from alerts a left join alert_delivery_items i on i.alert_id = a.id
    left join alert_deliveries d on d.id = i.delivery_id`,
};

export async function up(db: Knex): Promise<void> {
  if (isSqlite(db)) return;
  for (const [name, query] of Object.entries(VIEWS)) await db.raw(`create view ${name} as ${query}`);
}

/** There is no way back: migrations only go forward. */
export function down(): Promise<void> {
  return Promise.reject(new Error('migrations only go forward'));
}
