// `npm start`: the whole system on this machine, and its story. See README.md.
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { buildPortalIfStale } from '../scripts/build-portal.ts';
import { KMS_NAMES, type KmsName } from './customers/customer.ts';
import { startMailServer, type MailServer } from './mail-server.ts';
import { ACCOUNT } from './stories/enrolment.ts';
import { experimentSettings, tellExperiment } from './stories/experiment.ts';
import { tellEveryday } from './stories/everyday.ts';
import { tellRecording, type StoryResult } from './stories/recording.ts';
import { startSystem, type SandboxSystem } from './system.ts';
import { failure, print, title } from './terminal.ts';

const CAME_OUT = 'Everything came out as told.';

const program = new Command()
  .name('npm start --')
  .description(
    'Brings up an emulated KMS, a broker and two sidecars as separate processes, and tells with real calls how a customer’s key protects a recording.',
  )
  .argument('[file]', 'what to seal and open; default: a sample of 8 MiB that is made for it')
  .addOption(
    new Option('--kms <name>', 'what the customer keeps their key in: the same story, and what differs')
      .choices(KMS_NAMES)
      .default('aws'),
  )
  .addOption(
    new Option(
      '--story <name>',
      'recording: a file is sealed, opened, taken away and given back; experiment: keys in two regions are disabled one by one, enabled, destroyed and replaced elsewhere',
    )
      .choices(['recording', 'experiment'])
      .default('recording'),
  )
  .option('--once', 'end after the story instead of staying up; the experiment always does')
  .addHelpText(
    'after',
    `
Examples:
  npm start
  npm start -- --kms azure
  npm start -- --once --kms transit talk.mp4
  npm start -- --story experiment
  CMK_DATABASE_URL=postgres://user:password@localhost/cmk npm start`,
  )
  .parse();
const [file] = program.args;
const { kms, story, once } = program.opts<{
  kms: KmsName;
  story: 'recording' | 'experiment';
  once?: true;
}>();
if (story === 'experiment' && (kms !== 'aws' || file !== undefined)) {
  program.error('npm start: the experiment is about two regions of AWS KMS and makes its own recordings');
}
if (file !== undefined && !(existsSync(file) && statSync(file).isFile())) {
  program.error(`npm start: no such file: ${file}`);
}

const dir = mkdtempSync(join(tmpdir(), 'cmk-'));
let system: SandboxSystem | undefined;
let mail: MailServer | undefined;
const databaseUrl = process.env['CMK_DATABASE_URL'];
const ended = endOnSignal();
try {
  title('CMK on this machine: nothing leaves it');
  await buildPortalIfStale();
  if (story === 'experiment') mail = await startMailServer();
  system = await startSystem({
    dir,
    kms,
    ...(mail && { elsewhere: 'azure' }),
    portal: !mail && !once,
    ...(databaseUrl !== undefined && { databaseUrl }),
    brokerEnv: { ...(mail && experimentSettings(mail)), ...chosenSettings() },
  });
  const { service } = system.customer.words;
  print(`  service ──gRPC──▶ sidecar ──gRPC, mTLS──▶ broker ──▶ Acme’s ${service} (emulated)`);
  if (mail) {
    await tellExperiment(system, mail);
    title(CAME_OUT);
  } else {
    const result = await tellRecording(system, file ?? null);
    if (once) {
      title(CAME_OUT);
    } else {
      await tellEveryday(system);
      await addOtherCustomer(system);
      printPortal(system);
      printInvitation(system, result);
      await ended;
    }
  }
} catch (error) {
  failure(`This did not come out as told: ${error instanceof Error ? error.message : String(error)}`);
  print(`  The logs of all parts: ${join(dir, 'logs')}`);
  process.exitCode = 1;
} finally {
  await system?.close();
  await mail?.close();
  // What failed is kept to be looked at.
  if (process.exitCode !== 1) rmSync(dir, { recursive: true, force: true });
}

/** So that somebody else can sign in too, and see nothing of Acme. */
async function addOtherCustomer({ admin, portal }: SandboxSystem): Promise<void> {
  const others = new Set(portal?.users.flatMap(({ account }) => (account === null ? [] : [account])));
  others.delete(ACCOUNT);
  for (const account of others) {
    const name = `${account.charAt(0).toUpperCase()}${account.slice(1)}`;
    await admin.putAccount(account, { name, licence: 'NONE' });
  }
}

function printPortal({ portal }: SandboxSystem): void {
  if (!portal) return;
  title(`The portal: ${portal.url}`);
  print('  Sign in as one of these, without a password:');
  for (const { name, email, words } of portal.users)
    print(`  ${name.padEnd(6)} ${email.padEnd(22)} ${words}`);
}

function printInvitation(up: SandboxSystem, { asset, sealedPath, keys }: StoryResult): void {
  const options = `--account ${ACCOUNT} --service ${asset.srvId} --type ${asset.type}`;
  const [keyUrl, ...replicas] = keys.map((reference) => up.customer.keyUrl(reference));
  const effect =
    replicas.length === 0
      ? 'while it is off, nothing opens'
      : 'the other region’s key still opens what is sealed';
  title('It stays up until Ctrl-C. Try, in another terminal:');
  print(`  export CMK_SIDECAR=${up.sidecars.recorder.address}
  npm run -s cmk -- encrypt README.md readme.sealed ${options} --id my-meeting --owner maria
  npm run -s cmk -- inspect readme.sealed
  npm run -s cmk -- decrypt readme.sealed - ${options} --id my-meeting --reason USER_ACCESS | head
  npm run -s cmk -- describe ${options} --id ${asset.id}
  npm run -s cmk -- inspect ${sealedPath}

  # A sidecar of the phone service may not open a recording of a meeting:
  npm run -s cmk -- decrypt readme.sealed - ${options} --id my-meeting --reason USER_ACCESS --sidecar ${up.sidecars.phone.address}

  # Be the customer: their log, and their key off and on (${effect}):
  curl -s '${up.customer.logUrl}'
  curl -s -X POST '${keyUrl ?? ''}/disable'
  curl -s -X POST '${keyUrl ?? ''}/enable'

  # Be the provider's operator:
  curl -s -H 'authorization: Bearer ${up.adminToken}' ${up.adminUrl}/v1/accounts/${ACCOUNT}/audit-events
  curl -s ${up.sidecars.recorder.statusUrl}/metrics | grep cmk_
  curl -s ${up.broker.statusUrl}/metrics | grep cmk_
`);
}

/** Intervals that may be shorter than the defaults, for whoever cannot wait. */
function chosenSettings(): Record<string, string> {
  const names = ['CMK_PROBE_INTERVAL', 'CMK_TROUBLE_PROBE_INTERVAL'];
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

function endOnSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
}
