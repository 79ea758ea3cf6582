import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { SingleBar } from 'cli-progress';
import { CmkClient, CmkError, encryptFile, type Asset } from '../client/index.ts';
import type { TrailEvent } from './aws-kms/trail.ts';
import { keyPolicy } from './customer.ts';
import { metricIn, scrape } from './scrape.ts';
import type { SandboxSystem } from './system.ts';
import { fact, heading, mib, passed, quote, rate } from './terminal.ts';

/** The customer of the story, as the provider knows it. */
export const ACCOUNT = 'acme';
const OWNER = 'maria@acme.example';
const SAMPLE_BYTES = 8 * 1024 * 1024;
/** How long a revocation may take to be noticed: a probe each 10 s, and one call's time. */
const REVOCATION_LIMIT_MS = 15_000;

/** What the broker tried on the key, in words. */
const STEPS: Record<string, string> = {
  DESCRIBE: 'it is enabled and of the right kind',
  GENERATE: 'it makes data keys',
  UNWRAP: 'it unwraps them',
  UNWRAP_WRONG_CONTEXT: 'it refuses them under another asset’s context',
};

/** What the story leaves behind to be tried by hand. */
export interface StoryResult {
  readonly asset: Asset;
  readonly sealedPath: string;
  readonly keys: readonly [string, ...string[]];
}

/**
 * Enrols a customer's key, seals and opens a file under it, takes the key away and gives it back; tells each step
 * with what really happened.
 * @param file of any size; null: a sample is made
 * @throws Error when a step does not come out as told
 */
export async function tellStory(system: SandboxSystem, file: string | null): Promise<StoryResult> {
  const recorder = new CmkClient({ address: system.sidecars.recorder.address });
  try {
    const keys = await enrolKey(system);
    const input = file ?? (await makeSample(system.dir));
    const asset = {
      account: ACCOUNT,
      srvId: '0001',
      type: 'MeetingWebinarRecording',
      id: `meeting-${Date.now()}`,
    };
    const recording = { system, recorder, asset, input, sealedPath: join(system.dir, 'recording.sealed') };
    await seal(recording);
    await open(recording);
    await openAgain(recording);
    await takeKeyAway(recording, keys);
    await giveKeyBack(recording, keys);
    return { asset, sealedPath: recording.sealedPath, keys };
  } finally {
    recorder.close();
  }
}

interface Recording {
  readonly system: SandboxSystem;
  readonly recorder: CmkClient;
  readonly asset: Asset;
  readonly input: string;
  readonly sealedPath: string;
}

async function enrolKey(system: SandboxSystem): Promise<[string, ...string[]]> {
  heading('The customer makes a key and lets the provider use it');
  const { customer } = system;
  const policy = keyPolicy({ customer: customer.account, broker: system.brokerRole, account: ACCOUNT });
  const keys = await customer.createMultiRegionKey(['us-east-1', 'us-west-2'], policy);
  fact('In Acme’s own AWS account, a key with a replica in a second region:');
  for (const arn of keys) quote(arn);
  fact('Its policy lets the provider’s broker use it for Acme’s assets and nothing else.');

  heading('The provider verifies the key and enrols it');
  await system.admin.putAccount(ACCOUNT, { name: 'Acme Inc.', licence: 'ACCOUNT' });
  const enrolled = await system.admin.enrolKey(ACCOUNT, keys);
  for (const { step, reference, outcome, detail } of enrolled.steps) {
    must(outcome === 'OK', `${step} of ${reference}: ${detail ?? outcome}`);
    passed(`${STEPS[step] ?? step} in ${regionOf(reference)}`);
  }
  await system.admin.enrolType(ACCOUNT, '0001', 'MeetingWebinarRecording');
  fact('Licence: the whole account. Asset type: meeting and webinar recordings.');
  return keys;
}

async function seal(recording: Recording): Promise<void> {
  const { system, recorder, asset, input, sealedPath } = recording;
  const { size } = await stat(input);
  heading(`The Meeting Recorder seals ${basename(input)}, ${mib(size)}`);
  const idle = await scrape(system.sidecars.recorder.statusUrl);
  const peak = watchMemory(system);
  const { result, ms } = await timed(() =>
    withProgress('sealing', size, (onProgress) =>
      encryptFile(recorder, input, sealedPath, { asset, owner: OWNER, onProgress }),
    ),
  );
  must(result.protection === 'CUSTOMER_KEY', `protected by ${result.protection}, not by the customer's key`);
  passed(`${mib(result.bytesIn)} became ${mib(result.bytesOut)} in ${rate(result.bytesIn, ms)}`);
  passed(`data key ${result.dataKeyId}, wrapped under ${result.protection} ${result.keyInUse}`);
  const idleBytes = metricIn(idle, 'process_resident_memory_bytes');
  fact(`Sidecar memory: ${mib(idleBytes)} before, at most ${mib(await peak.stop())} meanwhile`);

  const made = ofAsset(await system.customer.log(), asset, 'GenerateDataKey');
  must(
    made.length === 1,
    `the customer's log holds ${made.length} GenerateDataKey for this recording, expected 1`,
  );
  fact('The line in Acme’s own KMS log:');
  quote(excerpt(made[0]));
}

async function open(recording: Recording): Promise<void> {
  heading('It is opened again, and is what it was');
  // Read before the clock starts: the comparison is the story's, not the sidecar's work.
  await digestOf(recording.input);
  const { ms, result } = await timed(() => openAndCompare(recording));
  passed(
    `opened ${mib(result.bytesOut)} in ${rate(result.bytesOut, ms)}, SHA-256 equal: ${result.digest.slice(0, 16)}…`,
  );
}

async function openAgain(recording: Recording): Promise<void> {
  heading('A second read is served by the sidecar’s cache');
  const { system, asset } = recording;
  const before = await scrape(system.sidecars.recorder.statusUrl);
  const callsBefore = ofAsset(await system.customer.log(), asset).length;
  await openAndCompare(recording);
  const after = await scrape(system.sidecars.recorder.statusUrl);
  const hits = metricIn(after, 'cmk_key_cache_hits_total') - metricIn(before, 'cmk_key_cache_hits_total');
  const calls = ofAsset(await system.customer.log(), asset).length - callsBefore;
  must(hits === 1 && calls === 0, `expected 1 cache hit and 0 calls to the KMS, got ${hits} and ${calls}`);
  passed(
    `cache hits ${hits}, calls to the customer’s KMS ${calls}; the key stays usable for at most 5 minutes`,
  );
}

async function takeKeyAway(recording: Recording, keys: readonly string[]): Promise<void> {
  heading('The customer disables the key');
  await recording.system.customer.disable(keys);
  const disabledAt = performance.now();
  for (;;) {
    const refusal = await refusalOf(recording);
    const ms = performance.now() - disabledAt;
    if (refusal) {
      passed(`refused ${(ms / 1000).toFixed(1)} s after: ${refusal.code}, ${refusal.message}`);
      break;
    }
    must(ms < REVOCATION_LIMIT_MS, `opening still works ${Math.round(ms)} ms after the key was disabled`);
    await sleep(100);
  }
  const refused = ofAsset(await recording.system.customer.log(), recording.asset, 'Decrypt').filter(
    (event) => event.errorCode !== undefined,
  );
  must(refused.length > 0, 'the customer’s log holds no refused Decrypt');
  fact(
    `Acme’s log has the refused attempts too: ${refused.length} × Decrypt, ${refused[0]?.errorCode ?? ''}`,
  );
}

/** Why the recording does not open; null: it does. */
async function refusalOf(recording: Recording): Promise<CmkError | null> {
  try {
    await openAndCompare(recording);
    return null;
  } catch (error) {
    if (error instanceof CmkError && error.code === 'KEY_DISABLED') return error;
    throw error;
  }
}

async function giveKeyBack(recording: Recording, keys: readonly string[]): Promise<void> {
  heading('The customer enables the key again');
  await recording.system.customer.enable(keys);
  const { ms, result } = await timed(() => openAndCompare(recording));
  passed(`opened ${mib(result.bytesOut)} in ${rate(result.bytesOut, ms)}, SHA-256 equal`);
}

/** Opens the sealed file into a hash, and compares. */
async function openAndCompare(recording: Recording): Promise<{ bytesOut: number; digest: string }> {
  const { recorder, asset, input, sealedPath } = recording;
  const { size } = await stat(sealedPath);
  const opened = createHash('sha256');
  let bytesOut = 0;
  const stream = recorder.decrypt(createReadStream(sealedPath, { highWaterMark: 256 * 1024 }), {
    asset,
    reason: 'USER_ACCESS',
  });
  await withProgress('opening', size, async (onProgress) => {
    for await (const piece of stream as AsyncIterable<Buffer>) {
      opened.update(piece);
      bytesOut += piece.length;
      onProgress(bytesOut);
    }
  });
  const digest = opened.digest('hex');
  must(digest === (await digestOf(input)), 'the opened recording is not what was sealed');
  return { bytesOut, digest };
}

const digests = new Map<string, Promise<string>>();

function digestOf(path: string): Promise<string> {
  const known = digests.get(path);
  if (known) return known;
  const hash = createHash('sha256');
  const digest = pipeline(createReadStream(path), hash).then(() => hash.digest('hex'));
  digests.set(path, digest);
  return digest;
}

async function makeSample(dir: string): Promise<string> {
  const path = join(dir, 'sample-recording.mp4');
  await pipeline(function* () {
    for (let left = SAMPLE_BYTES; left > 0; left -= 65_536) yield randomBytes(Math.min(left, 65_536));
  }, createWriteStream(path));
  return path;
}

function ofAsset(log: readonly TrailEvent[], asset: Asset, eventName?: string): TrailEvent[] {
  return log.filter(
    (event) =>
      event.requestParameters?.encryptionContext?.['id'] === asset.id &&
      (eventName === undefined || event.eventName === eventName),
  );
}

/** The part of a log line that its reader looks for. */
function excerpt(event: TrailEvent | undefined): string {
  if (!event) return '';
  const { eventTime, eventSource, eventName, awsRegion, userIdentity, requestParameters } = event;
  const shown = { eventTime, eventSource, eventName, awsRegion, userIdentity, requestParameters };
  return JSON.stringify(shown, null, 2);
}

/** The sidecar's largest resident memory from now until `stop`, in bytes, sampled. */
function watchMemory(system: SandboxSystem): { stop(): Promise<number> } {
  let peak = 0;
  const sample = async (): Promise<void> => {
    const metrics = await scrape(system.sidecars.recorder.statusUrl);
    peak = Math.max(peak, metricIn(metrics, 'process_resident_memory_bytes'));
  };
  let last = sample();
  const timer = setInterval(() => {
    last = sample();
    // A sample that fails shows in `stop`.
    last.catch(() => undefined);
  }, 250);
  return {
    async stop() {
      clearInterval(timer);
      await last;
      await sample();
      return peak;
    },
  };
}

async function withProgress<T>(
  what: string,
  totalBytes: number,
  work: (onProgress: (bytes: number) => void) => Promise<T>,
): Promise<T> {
  if (!process.stderr.isTTY || totalBytes < 64 * 1024 * 1024) return work(() => undefined);
  const bar = new SingleBar({
    format: `   ${what} {bar} {percentage}%  {eta} s left`,
    clearOnComplete: true,
  });
  bar.start(totalBytes, 0);
  try {
    return await work((bytes) => bar.update(bytes));
  } finally {
    bar.stop();
  }
}

async function timed<T>(work: () => Promise<T>): Promise<{ result: T; ms: number }> {
  const start = performance.now();
  const result = await work();
  return { result, ms: performance.now() - start };
}

function regionOf(arn: string): string {
  return arn.split(':')[3] ?? '';
}

function must(holds: boolean, otherwise: string): asserts holds {
  if (!holds) throw new Error(otherwise);
}
