import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { openStore } from '../../broker/store/open-store.ts';
import { startAwsKms } from '../../sandbox/aws-kms/emulator.ts';
import { createTestCa } from '../../sandbox/ca.ts';
import { awsKmsSettings } from '../../sandbox/settings.ts';
import { BROKER_ACCOUNT } from '../support/aws-kms.ts';
import { eventually } from '../support/eventually.ts';
import { BROKER_ID, brokerSettings } from '../support/settings.ts';

interface Process {
  readonly child: ChildProcess;
  readonly lines: () => { msg: string; statusPort?: number; err?: { code?: string; message: string } }[];
}

function start(t: ExecutionContext, env: Record<string, string>, args: readonly string[] = []): Process {
  const child = spawn(process.execPath, ['broker/main.ts', ...args], {
    env: { PATH: process.env['PATH'] ?? '', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  t.teardown(() => child.kill('SIGKILL'));
  const lines = () =>
    output
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as ReturnType<Process['lines']>[number]);
  return { child, lines };
}

const portOf = ({ lines }: Process) => lines().find(({ msg }) => msg === 'ready')?.statusPort;

async function exitCodeOf({ child }: Process): Promise<unknown> {
  if (child.exitCode !== null) return child.exitCode;
  return ((await once(child, 'exit')) as unknown[])[0];
}

test('two brokers that start at once share one platform key; each serves, drains and ends with 0', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'cmk-main-'));
  t.teardown(() => rm(dir, { recursive: true }));
  const kms = await startAwsKms({ regions: ['us-east-1'] });
  t.teardown(() => kms.close());
  const role = kms.createPrincipal({ account: BROKER_ACCOUNT, kind: 'user', name: 'broker' });
  const platformKey = kms.createKey({ account: BROKER_ACCOUNT, region: 'us-east-1' });
  const identity = await (await createTestCa()).writeIdentity(dir, { uriSans: [BROKER_ID] });
  const env = {
    ...brokerSettings(identity),
    CMK_PLATFORM_KEY: platformKey,
    CMK_SQLITE_FILE: join(dir, 'cmk.db'),
    ...awsKmsSettings(kms),
    AWS_ACCESS_KEY_ID: role.accessKeyId,
    AWS_SECRET_ACCESS_KEY: role.secretAccessKey,
  };
  const brokers = [start(t, env), start(t, env)];
  await eventually(() => brokers.every((broker) => portOf(broker) !== undefined), 30_000);
  const store = await openStore({ sqlitePath: join(dir, 'cmk.db') });
  const keks = await store.listKeks(null);
  await store.close();
  t.is(keks.length, 1);
  for (const broker of brokers) {
    const answer = await fetch(`http://127.0.0.1:${portOf(broker)}/metrics`);
    t.regex(await answer.text(), /cmk_certificate_expiry_timestamp_seconds\{role="broker"\} \d{10}/);
    broker.child.kill('SIGTERM');
    t.is(await exitCodeOf(broker), 0);
  }
});

test('`broker migrate` brings the schema up to date and ends', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'cmk-main-'));
  t.teardown(() => rm(dir, { recursive: true }));
  const location = { sqlitePath: join(dir, 'cmk.db') };
  const migration = start(t, { CMK_SQLITE_FILE: location.sqlitePath }, ['migrate']);
  t.is(await exitCodeOf(migration), 0);
  await (await openStore(location, { migrated: true })).close();
  const failed = start(t, { CMK_SQLITE_FILE: join(dir, 'missing', 'cmk.db') }, ['migrate']);
  t.is(await exitCodeOf(failed), 1);
});

test('a broker that cannot start says everything that is wrong, and ends with 1', async (t) => {
  const broker = start(t, { CMK_LEASE: 'long' });
  t.is(await exitCodeOf(broker), 1);
  await eventually(() => broker.lines().length > 0);
  const [line] = broker.lines();
  t.is(line?.err?.code, 'CONFIG_INVALID');
  t.regex(line?.err?.message ?? '', /CMK_TRUST_DOMAIN[^]*CMK_LEASE/);
});
