import { promisify } from 'node:util';
import sqlite3 from 'sqlite3';

/** What a SQLite database holds, table by table. @param only the tables wanted; default: all */
export async function dumpDatabase(
  path: string,
  only?: readonly string[],
): Promise<Record<string, unknown[]>> {
  const database = new sqlite3.Database(path, sqlite3.OPEN_READONLY);
  const all = promisify<string, unknown[]>(database.all.bind(database));
  try {
    const tables = (await all(
      `select name from sqlite_master where type = 'table' and name not like 'sqlite_%' order by name`,
    )) as { name: string }[];
    const dump: Record<string, unknown[]> = {};
    for (const { name } of tables) {
      if (!only || only.includes(name)) dump[name] = await all(`select * from "${name}" order by 1, 2`);
    }
    return dump;
  } finally {
    await promisify(database.close.bind(database))();
  }
}
