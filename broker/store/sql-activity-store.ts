import type { Knex } from 'knex';
import type { Asset } from '../../core/asset.ts';
import type { ActivityFilter, ActivityPage, ActivityStore } from './activity-store.ts';
import { toAuditEvent } from './audit-events.ts';
import { readRow, readRows, type Database } from './database.ts';

/** Events that one page looks through at the most. */
const MAX_SCANNED = 20_000;
/** Ids tell the time, but a process whose clock is set back goes on from where it was. */
const CLOCK_SLACK_MS = 3_600_000;

/** What the indexes of migration 0014 hold; each text is its index's own predicate. */
const REFUSED = `outcome <> 'ALLOWED'`;
const USES = ['ISSUE', 'RESOLVE', 'USE'];
const ADMINISTRATIVE = `action not in ('ISSUE', 'RESOLVE', 'USE')`;

/** The ledger of a SQL database, as people look through it. */
export class SqlActivityStore implements ActivityStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  list(account: string, filter: ActivityFilter, before: string | null, limit: number): Promise<ActivityPage> {
    return this.#database.run((db) => listPage(db, { account, filter, before, limit }));
  }

  ofAsset(asset: Asset, before: string | null, limit: number): Promise<ActivityPage> {
    const { account, srvId, type, id: assetId } = asset;
    return this.list(account, { srvId, type, assetId }, before, limit);
  }
}

interface PageRequest {
  readonly account: string;
  readonly filter: ActivityFilter;
  readonly before: string | null;
  readonly limit: number;
}

async function listPage(db: Knex, request: PageRequest): Promise<ActivityPage> {
  const { limit, filter } = request;
  // What an index finds by itself ends with the page.
  const last = isNarrowed(filter) ? await idOf(indexed(db, request).offset(MAX_SCANNED - 1)) : null;
  const query = narrowed(indexed(db, request), filter);
  if (last !== null) void query.where('id', '>=', last);
  const rows = await readRows('audit_events', query.limit(limit + 1).select('*'));
  const events = rows.slice(0, limit).map(toAuditEvent);
  return { events, next: rows.length > limit ? (events.at(-1)?.id ?? null) : last };
}

async function idOf(query: Knex.QueryBuilder): Promise<string | null> {
  return (await readRow('audit_events', query.select('id')))?.text('id') ?? null;
}

/** What one index finds in the order of the list, without a look at a row. */
function indexed(db: Knex, { account, filter, before }: PageRequest): Knex.QueryBuilder {
  const { outcomes, actions, from, until } = filter;
  const query = db('audit_events').where({ account }).orderBy('id', 'desc');
  const asset = assetOf(filter);
  if (asset) void query.where(asset);
  else if (outcomes && !outcomes.includes('ALLOWED')) void query.whereRaw(REFUSED);
  else if (actions && !actions.some((action) => USES.includes(action))) void query.whereRaw(ADMINISTRATIVE);
  if (before !== null) void query.where('id', '<', before);
  if (from !== undefined) void query.where('id', '>=', idAt(from - CLOCK_SLACK_MS));
  if (until !== undefined) void query.where('id', '<', idAt(until + CLOCK_SLACK_MS));
  return query;
}

/** Null: the filter does not name one asset. */
function assetOf({ srvId, type, assetId }: ActivityFilter): Record<string, string> | null {
  if (srvId === undefined || type === undefined || assetId === undefined) return null;
  return { srv_id: srvId, type, asset_id: assetId };
}

/** What begins every id of a time. */
function idAt(ms: number): string {
  const hex = Math.min(Math.max(0, ms), 0xffff_ffff_ffff).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}`;
}

/** Whether the filter may pass over events that the index finds. */
function isNarrowed(filter: ActivityFilter): boolean {
  const { from: _from, until: _until, ...rest } = filter;
  if (!assetOf(filter)) return Object.keys(rest).length > 0;
  const { srvId: _srvId, type: _type, assetId: _assetId, ...others } = rest;
  return Object.keys(others).length > 0;
}

/** The rest of a filter, said so that no other index offers itself, which would have to sort. */
function narrowed(query: Knex.QueryBuilder, filter: ActivityFilter): Knex.QueryBuilder {
  const { actions, outcomes, reasons, srvId, type, assetId, actor, kekId, from, until } = filter;
  if (actions) void query.whereIn('action', actions);
  if (outcomes) void query.whereIn('outcome', outcomes);
  if (reasons) void query.whereIn('reason', reasons);
  const parts = assetOf(filter) ? {} : { srv_id: srvId, type, asset_id: assetId };
  for (const [column, value] of Object.entries(parts)) {
    if (value !== undefined) void query.whereRaw(`${column} || '' = ?`, [value]);
  }
  if (actor !== undefined) void query.where({ actor });
  if (kekId !== undefined) void query.where({ kek_id: kekId });
  if (from !== undefined) void query.where('at', '>=', from);
  if (until !== undefined) void query.where('at', '<=', until);
  return query;
}
