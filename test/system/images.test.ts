import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { chown, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { buildProgram, PROGRAMS } from '../../scripts/build.ts';
import { startAwsKms } from '../../sandbox/aws-kms/emulator.ts';
import { createTestCa, type IdentityFiles } from '../../sandbox/ca.ts';
import { awsKmsSettings } from '../../sandbox/settings.ts';
import { BROKER_ACCOUNT } from '../support/aws-kms.ts';
import { dockerfileTargets } from '../support/dockerfile.ts';
import { eventually } from '../support/eventually.ts';
import { BROKER_ID, brokerSettings, injectorSettings, sidecarSettings } from '../support/settings.ts';

/**
 * Runs a program as its image and its pod do: with the image's entry point, where there is nothing but its bundle, as the
 * image's user, without rights to gain, on a file system that is read-only but for one volume in memory.
 */
async function inPod(
  t: ExecutionContext,
  name: string,
  settings: (parts: { identity: IdentityFiles; volume: string }) => Record<string, string>,
  args: readonly string[] = [],
) {
  const pod = mkdtempSync(join(tmpdir(), `cmk-pod-${name}-`));
  t.teardown(() => rmSync(pod, { recursive: true }));
  const [bundle, volume, secrets] = ['cmk', 'volume', 'identity'].map((each) => join(pod, each));
  if (!bundle || !volume || !secrets) throw new Error('no folders');
  for (const folder of [volume, secrets]) mkdirSync(folder);
  const program = PROGRAMS.find((each) => each.name === name);
  const target = dockerfileTargets()[name];
  if (!program || !target?.user) throw new Error(`no image ${name}`);
  await buildProgram(program, bundle);
  const [uid = '', gid = ''] = target.user.split(':');
  const identity = await (
    await createTestCa()
  ).writeIdentity(secrets, {
    uriSans: [BROKER_ID],
    dnsSans: ['localhost'],
  });
  for (const path of [pod, secrets, ...(await readdir(secrets)).map((file) => join(secrets, file))])
    await chown(path, Number(uid), Number(gid));

  const [shell, flag, script = '', zero] = target.entrypoint;
  const entry = [shell, flag, script.replace('/cmk/', `${bundle}/`), zero, ...args].map(quoted).join(' ');
  const steps = [
    `mount -t tmpfs -o uid=${uid},gid=${gid} tmpfs ${volume}`,
    'mount -o remount,bind,ro /',
    `cd ${bundle}`,
    `exec setpriv --reuid ${uid} --regid ${gid} --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all ${entry}`,
  ];
  const child = spawn('unshare', ['--mount', 'sh', '-ec', steps.join('\n')], {
    env: {
      ...dockerfileTargets()['base']?.env,
      PATH: `${dirname(process.execPath)}:/usr/bin:/bin:/sbin`,
      ...settings({ identity, volume }),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (text: Buffer) => (output += text.toString()));
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  return { pid: child.pid ?? 0, child, ended, output: () => output, statusPort: () => portIn(output) };
}

function quoted(text = ''): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function portIn(output: string): number | undefined {
  const port = /"statusPort":(\d+)/.exec(output)?.[1];
  return port === undefined ? undefined : Number(port);
}

type Pod = Awaited<ReturnType<typeof inPod>>;

/** It serves, is who it should be, can write nowhere and would leave no core dump; told to stop, it ends with 0. */
async function check(t: ExecutionContext, pod: Pod, user: number) {
  await eventually(() => pod.statusPort() !== undefined, 60_000).catch(() => t.fail(pod.output()));
  t.is((await fetch(`http://127.0.0.1:${pod.statusPort()}/ready`)).status, 200);
  const process = (file: string) => readFileSync(`/proc/${pod.pid}/${file}`, 'utf8');
  t.regex(process('status'), new RegExp(`^Uid:\\t${user}\\t${user}\\t${user}\\t${user}$`, 'm'));
  t.regex(process('status'), /^NoNewPrivs:\t1$/m);
  t.regex(process('status'), /^CapBnd:\t0+$/m);
  t.regex(process('limits'), /^Max core file size\s+0\s+0/m);
  t.regex(process('mountinfo'), / \/ \/ ro/);
  pod.child.kill('SIGTERM');
  t.is(await pod.ended, 0, pod.output());
}

test('the sidecar’s image runs read-only as its user, with a socket in its volume', async (t) => {
  const pod = await inPod(t, 'sidecar', ({ identity, volume }) => ({
    ...sidecarSettings(identity, '127.0.0.1:9'),
    CMK_LISTEN: `unix:${volume}/sidecar.sock`,
  }));
  await check(t, pod, 10_533);
});

test('the injector’s image runs read-only as its user', async (t) => {
  const pod = await inPod(t, 'injector', ({ identity }) => injectorSettings(identity));
  await check(t, pod, 10_534);
});

test('the broker’s image runs read-only as its user, migrates, and keeps SQLite in its volume', async (t) => {
  const kms = await startAwsKms({ regions: ['us-east-1'] });
  t.teardown(() => kms.close());
  const role = kms.createPrincipal({ account: BROKER_ACCOUNT, kind: 'user', name: 'broker' });
  const platformKey = kms.createKey({ account: BROKER_ACCOUNT, region: 'us-east-1' });
  const migration = await inPod(t, 'broker', ({ volume }) => ({ CMK_SQLITE_FILE: `${volume}/cmk.db` }), [
    'migrate',
  ]);
  t.is(await migration.ended, 0, migration.output());
  const pod = await inPod(t, 'broker', ({ identity, volume }) => ({
    ...brokerSettings(identity),
    CMK_PLATFORM_KEY: platformKey,
    CMK_SQLITE_FILE: `${volume}/cmk.db`,
    ...awsKmsSettings(kms),
    AWS_ACCESS_KEY_ID: role.accessKeyId,
    AWS_SECRET_ACCESS_KEY: role.secretAccessKey,
  }));
  await check(t, pod, 10_532);
});

test('a file system that is read-only is one here too', async (t) => {
  const before = readdirSync('/var/tmp');
  const pod = await inPod(t, 'broker', () => ({ CMK_SQLITE_FILE: '/var/tmp/cmk-must-not-be.db' }), [
    'migrate',
  ]);
  t.is(await pod.ended, 1);
  t.deepEqual(readdirSync('/var/tmp'), before);
});
