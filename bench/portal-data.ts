import type { Knex } from 'knex';
import type { Kek } from '../broker/model/types.ts';
import { isSqlite } from '../broker/store/migrations/columns.ts';
import type { Store } from '../broker/store/store.ts';
import { aKek, anAuditEvent } from '../test/support/stored-facts.ts';

/** How much there is. */
export interface PortalSize {
  readonly assets: number;
  readonly events: number;
}

export interface PortalData extends PortalSize {
  readonly account: string;
  readonly kek: Kek;
  /** The id of an asset by its number. */
  assetId(number: number): string;
}

export const TYPE = { srvId: '0001', type: 'MeetingWebinarRecording' } as const;
const ACCOUNT = 'acme';
const OTHER_TYPE = 'MeetingWebinarSummary';
const DAYS = 30;
/** A database that says nothing for long counts as gone. */
const EVENTS_A_STATEMENT = 50_000;
const DAY_MS = 24 * 3_600_000;

/**
 * Fills a database past the store, as fast as it takes it: one account with all of it, and a small one beside it. Of the
 * assets a fifth is of another type, 1 of 100 under the platform key and 1 of 1000 under it in place of the customer's. Of
 * the events 6 of 10 are openings, most of the others uses from caches; 1 of 500 is a refusal, 1 of 1000 somebody's act.
 * The hashes are none: only whoever verifies reads them.
 */
export async function fillPortal(db: Knex, store: Store, size: PortalSize): Promise<PortalData> {
  await store.putAccount({ id: ACCOUNT, name: 'Acme', licence: 'ACCOUNT' }, event());
  await store.putAccount({ id: 'globex', name: 'Globex', licence: 'NONE' }, event('globex'));
  await store.setEnrolment(ACCOUNT, TYPE.srvId, TYPE.type, true, event());
  const kek = aKek({ lifecycle: 'ACTIVE' });
  await store.insertKek(kek, kek.references, event());
  const platform = aKek({ account: null, lifecycle: 'ACTIVE' });
  await store.insertKek(platform, platform.references, event());
  await db.raw(dataKeys(db), { from: 0, until: size.assets, kek: kek.id, platform: platform.id });
  const head = await store.ledgerHead(ACCOUNT);
  const now = Date.now();
  for (let from = 0; from < size.events; from += EVENTS_A_STATEMENT) {
    await db.raw(events(db), {
      from,
      until: Math.min(from + EVENTS_A_STATEMENT, size.events),
      assets: size.assets,
      sequence: head.sequence,
      kek: kek.id,
      start: now - DAYS * DAY_MS,
      step: (DAYS * DAY_MS) / size.events,
    });
  }
  await db('ledger_heads').where({ chain: ACCOUNT }).increment('sequence', size.events);
  if (!isSqlite(db)) for (const table of ['data_keys', 'audit_events']) await db.raw(`analyze ${table}`);
  return { ...size, account: ACCOUNT, kek, assetId };
}

const event = (account = ACCOUNT) => anAuditEvent({ account });

function assetId(number: number): string {
  return `meeting-${String(number).padStart(7, '0')}`;
}

/** Numbers from `:from` up to, but not, `:until`, as a table `n` with a column `i`. */
function numbers(db: Knex): string {
  return isSqlite(db)
    ? `(with recursive n(i) as (select :from union all select i + 1 from n where i + 1 < :until) select i from n) as n`
    : `generate_series(cast(:from as bigint), cast(:until as bigint) - 1) as n(i)`;
}

/** A number in hexadecimal digits. */
function hex(db: Knex, number: string, digits: number): string {
  return isSqlite(db)
    ? `printf('%0${digits}x', ${number})`
    : `lpad(to_hex((${number})::bigint), ${digits}, '0')`;
}

function asset(db: Knex, number: string): string {
  const padded = isSqlite(db) ? `printf('%07d', ${number})` : `lpad((${number})::text, 7, '0')`;
  return `'meeting-' || ${padded}`;
}

function dataKeys(db: Knex): string {
  const isPlatform = 'i % 100 = 3';
  const bytes = isSqlite(db) ? `x'00ff'` : `'\\x00ff'::bytea`;
  return `
    insert into data_keys (account, srv_id, type, asset_id, generation, data_key_id, kek_id, protection, wrapped,
      created_at, owner)
    select '${ACCOUNT}', '${TYPE.srvId}', case when i % 5 = 4 then '${OTHER_TYPE}' else '${TYPE.type}' end,
      ${asset(db, 'i')}, 1, '00000000-0000-7000-8000-' || ${hex(db, 'i', 12)},
      case when ${isPlatform} then :platform else :kek end,
      case when i % 1000 = 3 then 'FALLBACK_KEY' when ${isPlatform} then 'PLATFORM_KEY' else 'CUSTOMER_KEY' end,
      ${bytes}, 1700000000 + i, 'user-' || (i % 500)
    from ${numbers(db)} where true`;
}

function events(db: Knex): string {
  const number = isSqlite(db) ? 'real' : 'double precision';
  const at = `cast(cast(:start as ${number}) + i * cast(:step as ${number}) as bigint)`;
  const id = `${hex(db, 'at / 65536', 8)} || '-' || ${hex(db, 'at % 65536', 4)}
    || '-7000-8000-' || ${hex(db, 'i', 12)}`;
  const isAct = 'i % 1000 = 7';
  const isRefused = 'i % 500 = 5';
  const isUse = 'i % 10 >= 8';
  const about = (value: string) => `case when ${isAct} then null else ${value} end`;
  return `
    insert into audit_events (id, at, account, action, outcome, actor, asset_account, srv_id, type, asset_id, reason,
      data_key_id, kek_id, source, detail, chain, sequence, previous_hash, hash, operation, count)
    select ${id}, at, '${ACCOUNT}',
      case when ${isAct} then 'ADMINISTER' when i % 10 < 2 then 'ISSUE' when ${isUse} then 'USE' else 'RESOLVE' end,
      case when ${isRefused} then 'REFUSED' else 'ALLOWED' end,
      case when ${isAct} then 'operator' else 'spiffe://cmk.test/service/0001' end,
      ${about(`'${ACCOUNT}'`)}, ${about(`'${TYPE.srvId}'`)}, ${about(`'${TYPE.type}'`)},
      ${about(asset(db, '(i * 7919) % :assets'))},
      ${about(`case when i % 997 = 0 then 'LEGAL' else 'USER_ACCESS' end`)},
      null, case when ${isAct} or ${isRefused} then null else :kek end,
      case when ${isUse} then 'SIDECAR_CACHE' when i % 3 = 0 then 'CACHE' else 'KMS' end,
      case when ${isRefused} then 'CONTEXT_MISMATCH: the header is another one’s' when ${isAct} then 'put group' end,
      '${ACCOUNT}', :sequence + i + 1, '-', '-',
      case when ${isUse} then 'OPEN' end, case when ${isUse} then 5 end
    from (select i, ${at} as at from ${numbers(db)}) as e where true`;
}
