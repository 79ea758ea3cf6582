import type { Knex } from 'knex';
import { CmkError } from '../../core/errors.ts';
import {
  type AssumedRole,
  type Canary,
  type Kek,
  KEY_LIFECYCLES,
  type KeyLifecycle,
  type ListedKek,
  PROVIDER_NAMES,
} from '../model/types.ts';
import { readRow, readRows } from './database.ts';
import type { Row } from './row.ts';
import type { Versioned } from './versions.ts';

/** A key's columns; with {@link joinReferences} one row for each of its references. */
export const KEK_COLUMNS = [
  'k.id as kek_id',
  'k.account as kek_account',
  'k.provider',
  'k.role_arn',
  'k.role_external_id',
  'k.lifecycle',
  'k.canary_wrapped',
  'k.canary_context',
  'k.created_at',
  'r.reference',
];

export function joinReferences(query: Knex.QueryBuilder): Knex.QueryBuilder {
  return query
    .leftJoin('kek_references as r', 'r.kek_id', 'k.id')
    .orderBy([
      { column: 'k.created_at', order: 'desc' },
      { column: 'k.id', order: 'desc' },
      { column: 'r.position' },
    ]);
}

/** Keys out of rows where those of one key stand together, its references in order. */
export function toKeks(rows: readonly Row[]): Kek[] {
  return gathered(rows, toKek);
}

function gathered<K extends object>(
  rows: readonly Row[],
  toOne: (id: string, row: Row) => K,
): (K & Pick<Kek, 'references'>)[] {
  const keks = new Map<string, K & { references: [string, ...string[]] }>();
  for (const row of rows) {
    const id = row.text('kek_id');
    const kek = keks.get(id);
    if (kek) kek.references.push(row.text('reference'));
    else keks.set(id, { ...toOne(id, row), references: [row.text('reference')] });
  }
  return [...keks.values()];
}

function toKek(id: string, row: Row): Omit<Kek, 'references'> {
  return {
    ...toListed(id, row),
    provider: row.oneOf('provider', PROVIDER_NAMES),
    lifecycle: row.oneOf('lifecycle', KEY_LIFECYCLES),
  };
}

function toListed(id: string, row: Row): Omit<ListedKek, 'references'> {
  return {
    id,
    account: row.optionalText('kek_account'),
    provider: row.word('provider', PROVIDER_NAMES),
    role: row.isNull('role_arn') ? null : toRole(row),
    lifecycle: row.word('lifecycle', KEY_LIFECYCLES),
    canary: row.isNull('canary_wrapped') ? null : toCanary(row),
    createdAt: row.integer('created_at'),
  };
}

function toRole(row: Row): AssumedRole {
  return { arn: row.text('role_arn'), externalId: row.text('role_external_id') };
}

function toCanary(row: Row): Canary {
  return { wrapped: row.bytes('canary_wrapped'), context: row.pairs('canary_context') };
}

function canaryColumns(canary: Canary | null): Record<string, unknown> {
  return {
    canary_wrapped: canary && Buffer.from(canary.wrapped),
    canary_context: canary && JSON.stringify(canary.context),
  };
}

export async function insertKek(db: Knex, kek: Kek, identities: readonly string[]): Promise<void> {
  await db('keks').insert({
    id: kek.id,
    account: kek.account,
    provider: kek.provider,
    role_arn: kek.role?.arn ?? null,
    role_external_id: kek.role?.externalId ?? null,
    lifecycle: kek.lifecycle,
    created_at: kek.createdAt,
    ...canaryColumns(kek.canary),
  });
  await insertReferences(db, kek.id, kek.references);
  await claimIdentities(db, identities, kek.account);
}

async function insertReferences(db: Knex, kekId: string, references: readonly string[]): Promise<void> {
  const rows = references.map((reference, position) => ({ reference, kek_id: kekId, position }));
  await db('kek_references').insert(rows);
}

export async function replaceReferences(
  db: Knex,
  kek: Pick<Kek, 'id' | 'account'>,
  references: readonly string[],
  identities: readonly string[],
): Promise<void> {
  await db('kek_references').where({ kek_id: kek.id }).delete();
  await insertReferences(db, kek.id, references);
  await claimIdentities(db, identities, kek.account);
  await db('keks')
    .where({ id: kek.id })
    .update({ references_version: db.raw('references_version + 1') });
}

/** One statement, so that the references and their version are of one moment. */
export async function findReferences(db: Knex, kekId: string): Promise<Versioned<readonly string[]> | null> {
  const query = joinReferences(db('keks as k').where('k.id', kekId));
  const rows = await readRows('keks', query.select('k.references_version', 'r.reference'));
  const [first] = rows;
  const value = rows.map((row) => row.text('reference'));
  return first ? { value, version: first.integer('references_version', 1) } : null;
}

async function claimIdentities(
  db: Knex,
  identities: readonly string[],
  account: string | null,
): Promise<void> {
  for (const identity of new Set(identities)) await claimIdentity(db, identity, account);
}

async function claimIdentity(db: Knex, identity: string, account: string | null): Promise<void> {
  await db('key_identities').insert({ identity, account }).onConflict('identity').ignore();
  const owner = await ownerOfKey(db, identity);
  if (owner?.account !== account) throw new CmkError('CONFLICT', 'the key is enrolled already');
}

export async function findKek(db: Knex, id: string): Promise<Kek | null> {
  const query = joinReferences(db('keks as k').where('k.id', id)).select(KEK_COLUMNS);
  return toKeks(await readRows('keks', query))[0] ?? null;
}

export async function ownerOfKey(db: Knex, identity: string): Promise<{ account: string | null } | null> {
  const row = await readRow('key_identities', db('key_identities').where({ identity }));
  return row && { account: row.optionalText('account') };
}

export async function listKeks(db: Knex, account: string | null): Promise<Kek[]> {
  return toKeks(await rowsOf(db, account));
}

export async function listAnyKeks(db: Knex, account: string | null): Promise<ListedKek[]> {
  return gathered(await rowsOf(db, account), toListed);
}

function rowsOf(db: Knex, account: string | null): Promise<Row[]> {
  return readRows('keks', joinReferences(db('keks as k').where('k.account', account)).select(KEK_COLUMNS));
}

/** @returns whether the key was in one of `from` */
export async function moveKek(
  db: Knex,
  id: string,
  from: readonly KeyLifecycle[],
  to: KeyLifecycle,
): Promise<boolean> {
  return (await db('keks').where({ id }).whereIn('lifecycle', from).update({ lifecycle: to })) === 1;
}

/**
 * A data key came under this key. If it is the first, the key becomes ACTIVE, and the account's older keys serve for
 * opening alone.
 * @throws CmkError KEY_RETIRED
 */
export async function activate(db: Knex, id: string): Promise<void> {
  const row = await readRow('keks', db('keks').where({ id }).select('lifecycle', 'account', 'created_at'));
  const lifecycle = row?.oneOf('lifecycle', KEY_LIFECYCLES);
  if (lifecycle === 'RETIRED') throw new CmkError('KEY_RETIRED', 'the key was retired meanwhile');
  if (!row || lifecycle !== 'STANDBY' || !(await moveKek(db, id, ['STANDBY'], 'ACTIVE'))) return;
  if (row.isNull('account')) return;
  const createdAt = row.integer('created_at');
  await db('keks')
    .where({ account: row.text('account'), lifecycle: 'ACTIVE' })
    .where((older) => {
      void older
        .where('created_at', '<', createdAt)
        .orWhere((same) => void same.where('created_at', createdAt).where('id', '<', id));
    })
    .update({ lifecycle: 'DECRYPT_ONLY' });
}

export async function setCanary(db: Knex, id: string, canary: Canary): Promise<void> {
  const changed = await db('keks').where({ id }).update(canaryColumns(canary));
  if (changed !== 1) throw new CmkError('CONFLICT', 'the key whose canary was to be set is not stored');
}
