import type { Knex } from 'knex';
import { text } from './columns.ts';

/**
 * Whose a key is, whatever it is called: an Azure key has a name with and one without its version, an AWS
 * multi-region key one in each region. Of keys in HSMs it is the token.
 */
export async function up(db: Knex): Promise<void> {
  await db.schema.createTable('key_identities', (table) => {
    text(db, table, 'identity').primary();
    // Null: the platform's own.
    text(db, table, 'account').nullable().references('accounts.id');
  });
  const rows = await db('kek_references as r')
    .join('keks as k', 'k.id', 'r.kek_id')
    .orderBy('k.created_at')
    .select<Record<'provider' | 'account' | 'reference', string>[]>('k.provider', 'k.account', 'r.reference');
  for (const { provider, account, reference } of rows) {
    const identity = identityOf(provider, reference);
    await db('key_identities').insert({ identity, account }).onConflict('identity').ignore();
  }
}

/** As the providers said when this was written. */
function identityOf(provider: string, reference: string): string {
  if (provider === 'aws') return reference.replace(/^(arn:[^:]+:kms):[^:]+:(\d+:key\/mrk-)/, '$1::$2');
  if (provider === 'azure') return reference.replace(/(\/keys\/[^/]+)\/.*$/, '$1');
  if (provider === 'pkcs11') return reference.replace(/^(pkcs11:token=[^;]+).*$/, '$1');
  return reference;
}

/** There is no way back: the check would be gone that keeps accounts' keys apart. */
export function down(): Promise<void> {
  return Promise.reject(new Error('migrations only go forward'));
}
