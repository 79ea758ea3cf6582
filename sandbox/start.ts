// `npm start`: the whole system on this machine, and its story. See README.md.
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { KMS_NAMES, type KmsName } from './customers/customer.ts';
import { ACCOUNT, tellStory, type StoryResult } from './story.ts';
import { startSystem, type SandboxSystem } from './system.ts';
import { failure, print, title } from './terminal.ts';

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
  .option('--once', 'end after the story instead of staying up')
  .addHelpText(
    'after',
    `
Examples:
  npm start
  npm start -- --kms azure
  npm start -- --once --kms transit talk.mp4
  CMK_DATABASE_URL=postgres://user:password@localhost/cmk npm start`,
  )
  .parse();
const [file] = program.args;
const { kms, once } = program.opts<{ kms: KmsName; once?: true }>();
if (file !== undefined && !(existsSync(file) && statSync(file).isFile())) {
  program.error(`npm start: no such file: ${file}`);
}

const dir = mkdtempSync(join(tmpdir(), 'cmk-'));
let system: SandboxSystem | undefined;
const ended = endOnSignal();
try {
  title('CMK on this machine: nothing leaves it');
  const databaseUrl = process.env['CMK_DATABASE_URL'];
  system = await startSystem({ dir, kms, ...(databaseUrl === undefined ? {} : { databaseUrl }) });
  const { service } = system.customer.words;
  print(`  service ──gRPC──▶ sidecar ──gRPC, mTLS──▶ broker ──▶ Acme’s ${service} (emulated)`);
  const result = await tellStory(system, file ?? null);
  if (once) {
    title('Everything came out as told.');
  } else {
    printInvitation(system, result);
    await ended;
  }
} catch (error) {
  failure(`This did not come out as told: ${error instanceof Error ? error.message : String(error)}`);
  print(`  The logs of all parts: ${join(dir, 'logs')}`);
  process.exitCode = 1;
} finally {
  await system?.close();
  // What failed is kept to be looked at.
  if (process.exitCode !== 1) rmSync(dir, { recursive: true, force: true });
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

function endOnSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
}
