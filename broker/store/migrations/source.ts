import type { Knex } from 'knex';
import * as initial from './0001-initial.ts';
import * as assumedRoles from './0002-assumed-roles.ts';
import * as ledger from './0003-ledger.ts';
import * as alerts from './0004-alerts.ts';
import * as keyStatuses from './0005-key-statuses.ts';
import * as moves from './0006-moves.ts';
import * as fallback from './0007-fallback.ts';
import * as reencryption from './0008-reencryption.ts';
import * as versions from './0009-versions.ts';
import * as keyIdentities from './0010-key-identities.ts';
import * as chores from './0012-chores.ts';
import * as signIn from './0013-sign-in.ts';
import * as views from './0014-views.ts';
import * as moreVersions from './0015-more-versions.ts';
import * as leases from './0016-leases.ts';
import * as deliveries from './0017-deliveries.ts';
import * as support from './0018-support.ts';

/**
 * Every change of the schema, in order. A name stands in the databases for ever. The previous release must work on
 * the new schema: both run at once during a rolling update.
 */
const MIGRATIONS: ReadonlyMap<string, Knex.Migration> = new Map([
  ['0001-initial', initial],
  ['0002-assumed-roles', assumedRoles],
  ['0003-ledger', ledger],
  ['0004-alerts', alerts],
  ['0005-key-statuses', keyStatuses],
  ['0006-moves', moves],
  ['0007-fallback', fallback],
  ['0008-reencryption', reencryption],
  ['0009-versions', versions],
  ['0010-key-identities', keyIdentities],
  ['0012-chores', chores],
  ['0013-sign-in', signIn],
  ['0014-views', views],
  ['0015-more-versions', moreVersions],
  ['0016-leases', leases],
  ['0017-deliveries', deliveries],
  ['0018-support', support],
]);

/** Modules that are imported, not files that are found: it works inside one bundle. */
export const migrationSource: Knex.MigrationSource<string> = {
  getMigrations: () => Promise.resolve([...MIGRATIONS.keys()]),
  getMigrationName: (name) => name,
  getMigration(name) {
    const migration = MIGRATIONS.get(name);
    return migration ? Promise.resolve(migration) : Promise.reject(new Error(`no migration named ${name}`));
  },
};
