import type { Knex } from 'knex';

/**
 * A text that compares byte by byte on every database: the order is the same everywhere, and an upgrade of the
 * system's locales cannot break an index.
 */
export function text(db: Knex, table: Knex.CreateTableBuilder, column: string): Knex.ColumnBuilder {
  return table.specificType(column, isSqlite(db) ? 'text' : 'text collate "C"');
}

export function isSqlite(db: Knex): boolean {
  return (db.client as { dialect: string }).dialect === 'sqlite3';
}
