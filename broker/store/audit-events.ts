import type { Knex } from 'knex';
import {
  AUDIT_ACTIONS,
  AUDIT_OUTCOMES,
  type AuditEvent,
  KEY_SOURCES,
  REASONS,
  USE_OPERATIONS,
} from '../model/types.ts';
import { readRows } from './database.ts';
import type { Row } from './row.ts';

/** An event's columns; its place in the ledger is beside them: `ledger.ts`. */
export function toColumns(event: AuditEvent): Record<string, unknown> {
  return {
    id: event.id,
    at: event.at,
    account: event.account,
    action: event.action,
    outcome: event.outcome,
    actor: event.actor,
    asset_account: event.asset?.account ?? null,
    srv_id: event.asset?.srvId ?? null,
    type: event.asset?.type ?? null,
    asset_id: event.asset?.id ?? null,
    reason: event.reason,
    data_key_id: event.dataKeyId,
    kek_id: event.kekId,
    source: event.source,
    operation: event.operation,
    count: event.count,
    from_at: event.from,
    until_at: event.until,
    detail: event.detail,
  };
}

export function toAuditEvent(row: Row): AuditEvent {
  return {
    id: row.text('id'),
    at: row.integer('at'),
    account: row.optionalText('account'),
    action: row.word('action', AUDIT_ACTIONS),
    outcome: row.word('outcome', AUDIT_OUTCOMES),
    actor: row.text('actor'),
    asset: row.isNull('asset_account') ? null : toAsset(row),
    reason: row.optionalWord('reason', REASONS),
    dataKeyId: row.optionalText('data_key_id'),
    kekId: row.optionalText('kek_id'),
    source: row.optionalWord('source', KEY_SOURCES),
    operation: row.optionalWord('operation', USE_OPERATIONS),
    count: row.optionalInteger('count'),
    from: row.optionalInteger('from_at'),
    until: row.optionalInteger('until_at'),
    detail: row.optionalText('detail'),
  };
}

function toAsset(row: Row): AuditEvent['asset'] {
  return {
    account: row.text('asset_account'),
    srvId: row.text('srv_id'),
    type: row.text('type'),
    id: row.text('asset_id'),
  };
}

export async function listAudit(db: Knex, account: string | null, limit: number): Promise<AuditEvent[]> {
  const query = db('audit_events').orderBy('id', 'desc').limit(limit);
  if (account !== null) void query.where({ account });
  return (await readRows('audit_events', query)).map(toAuditEvent);
}
