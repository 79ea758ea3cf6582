import { promisify } from 'node:util';
import sqlite3 from 'sqlite3';

/** Runs statements on a SQLite database past the broker. */
export async function executeSql(path: string, sql: string): Promise<void> {
  const database = new sqlite3.Database(path);
  database.configure('busyTimeout', 10_000);
  await promisify<string>(database.exec.bind(database))(sql);
  await promisify(database.close.bind(database))();
}
