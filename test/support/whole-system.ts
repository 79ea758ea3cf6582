import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import type { ExecutionContext } from 'ava';
import type { StoreLocation } from '../../broker/store/open-store.ts';
import type { KeyUse, References } from '../../sandbox/customers/customer.ts';
import { startSystem, type SandboxSystem, type SystemOptions } from '../../sandbox/system.ts';
import { artifactFolder } from './artifacts.ts';
import { runMarker } from './canaries.ts';
import { PostgresServer } from './postgres.ts';

export const ACCOUNT = 'acme';
export const OWNER = 'user-1';

export function recording(id: string, account = ACCOUNT) {
  return { account, srvId: '0001', type: 'MeetingWebinarRecording', id };
}

/** A sandbox of processes with one enrolled customer; every data key is a canary, and every trace is kept for the scan. */
export class WholeSystem {
  readonly sandbox: SandboxSystem;
  readonly store: StoreLocation;
  /** The customer's key and its replica. */
  readonly keys: References;
  readonly #errors: unknown[];

  private constructor(
    parts: Pick<WholeSystem, 'sandbox' | 'store' | 'keys'> & { readonly errors: unknown[] },
  ) {
    this.sandbox = parts.sandbox;
    this.store = parts.store;
    this.keys = parts.keys;
    this.#errors = parts.errors;
  }

  /**
   * Starts one for the length of a test.
   * @param suite names the artifacts
   * @param database `postgres`: a server of its own
   */
  static async start(
    t: ExecutionContext,
    suite: string,
    database: 'sqlite' | 'postgres',
    options: Omit<SystemOptions, 'dir' | 'databaseUrl'> = {},
  ): Promise<WholeSystem> {
    const dir = mkdtempSync(join(tmpdir(), 'cmk-e2e-'));
    t.teardown(() => rmSync(dir, { recursive: true, force: true }));
    const artifacts = artifactFolder(suite);
    const postgres = database === 'postgres' ? await PostgresServer.start() : null;
    if (postgres) t.teardown(() => postgres.remove());
    const databaseUrl = await postgres?.createDatabase();
    const sandbox = await startSystem({
      dir,
      ...options,
      kmsArgs: ['--marker', runMarker().toString('hex'), ...(options.kmsArgs ?? [])],
      ...(databaseUrl === undefined ? {} : { databaseUrl }),
    });
    const store = databaseUrl === undefined ? { sqlitePath: join(dir, 'cmk.db') } : { databaseUrl };
    const errors: unknown[] = [];
    t.teardown(async () => {
      await keepScrapes(sandbox, artifacts);
      if (databaseUrl !== undefined) await postgres?.copyRaw(databaseUrl, join(artifacts, 'postgres'));
      // While they run: the write-ahead log is gone once the broker has closed the database.
      keepFiles(dir, artifacts);
      await sandbox.close();
      cpSync(join(dir, 'logs'), join(artifacts, 'logs'), { recursive: true });
      writeFileSync(join(artifacts, 'errors.txt'), inspect(errors, { depth: 10, maxArrayLength: null }));
    });
    return new WholeSystem({ sandbox, store, keys: await enrol(sandbox), errors });
  }

  /** Keeps an error's text, causes and all. */
  note(error: unknown): void {
    this.#errors.push(error);
  }

  /** The customer's log of one operation on an asset. */
  async calls(operation: string, assetId: string): Promise<KeyUse[]> {
    const log = await this.sandbox.customer.keyUses();
    return log.filter((use) => use.operation === operation && use.context?.['id'] === assetId);
  }
}

async function enrol({ customer, admin }: SandboxSystem): Promise<References> {
  const keys = await customer.createKey();
  await customer.allowBroker(keys, ACCOUNT);
  await admin.putAccount(ACCOUNT, { name: 'Acme Inc.', licence: 'ACCOUNT' });
  await admin.enrolKey(ACCOUNT, keys, customer.kms);
  await admin.enrolType(ACCOUNT, '0001', 'MeetingWebinarRecording');
  return keys;
}

async function keepScrapes(sandbox: SandboxSystem, artifacts: string): Promise<void> {
  const { broker, sidecars } = sandbox;
  for (const [name, { statusUrl }] of Object.entries({ broker, ...sidecars })) {
    // A test may have ended with one of them down.
    const text = await fetch(`${statusUrl}/metrics`, { signal: AbortSignal.timeout(5_000) }).then(
      (response) => response.text(),
      (error: unknown) => String(error),
    );
    writeFileSync(join(artifacts, `${name}.metrics.txt`), text);
  }
}

function keepFiles(dir: string, artifacts: string): void {
  if (!existsSync(dir)) return;
  for (const name of readdirSync(dir)) {
    if (/^cmk\.db|\.jsonl$/.test(name)) cpSync(join(dir, name), join(artifacts, name));
  }
}
