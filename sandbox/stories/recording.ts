import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { CmkClient, CmkError, encryptFile, type Asset } from '../../client/index.ts';
import { isContextOf } from '../../core/encryption-context.ts';
import type { KeyUse, References } from '../customers/customer.ts';
import { digestOf, timed, watchMemory, withProgress } from '../measure.ts';
import { metricIn, scrape } from '../scrape.ts';
import type { SandboxSystem } from '../system.ts';
import { fact, heading, mib, passed, quote, rate } from '../terminal.ts';
import { ACCOUNT, enrolKey, OWNER, RECORDING, RETURN_LIMIT_MS, REVOCATION_LIMIT_MS } from './enrolment.ts';
import { must, mustSoon } from './must.ts';

const SAMPLE_BYTES = 8 * 1024 * 1024;

/** What the story leaves behind to be tried by hand. */
export interface StoryResult {
  readonly asset: Asset;
  readonly sealedPath: string;
  readonly keys: References;
}

/**
 * Enrols a customer's key, seals and opens a file under it, takes the key away and gives it back; tells each step
 * with what really happened.
 * @param file of any size; null: a sample is made
 * @throws Error when a step does not come out as told
 */
export async function tellRecording(system: SandboxSystem, file: string | null): Promise<StoryResult> {
  const recorder = new CmkClient({ address: system.sidecars.recorder.address });
  try {
    const { references: keys } = await enrolKey(system, system.customer);
    const input = file ?? (await makeSample(system.dir));
    const asset = { account: ACCOUNT, ...RECORDING, id: `meeting-${Date.now()}` };
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

async function seal(recording: Recording): Promise<void> {
  const { system, recorder, asset, input, sealedPath } = recording;
  const { size } = await stat(input);
  heading(`The Meeting Recorder seals ${basename(input)}, ${mib(size)}`);
  const idle = await scrape(system.sidecars.recorder.statusUrl);
  const log = await usesFrom(recording);
  const peak = watchMemory(system.sidecars.recorder.statusUrl);
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

  const made = (await log.since()).filter(({ kind }) => kind === 'WRAP');
  const [use] = made;
  must(
    use !== undefined && made.length === 1,
    `the customer's log holds ${made.length} data keys wrapped for this recording, expected 1`,
  );
  must(
    use.refusal === null,
    `the customer's log says that ${use.operation} was refused: ${use.refusal ?? ''}`,
  );
  fact('The line in Acme’s own KMS log:');
  quote(JSON.stringify(use.excerpt, null, 2));
  fact(system.customer.words.log);
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
  const { statusUrl } = recording.system.sidecars.recorder;
  const before = await scrape(statusUrl);
  const log = await usesFrom(recording);
  await openAndCompare(recording);
  const after = await scrape(statusUrl);
  const grown = (metric: string, labels = ''): number =>
    metricIn(after, metric, labels) - metricIn(before, metric, labels);
  const hits = grown('cmk_key_cache_hits_total');
  // Reports of uses go out by themselves, at intervals.
  const requests =
    grown('cmk_broker_request_duration_seconds_count') -
    grown('cmk_broker_request_duration_seconds_count', 'operation="ReportUses"');
  // A log without contexts holds the broker's own checks of the key as well, which say nothing of this read.
  const calls = (await log.since()).filter(({ context }) => context !== null).length;
  must(
    hits === 1 && requests === 0 && calls === 0,
    `expected 1 cache hit, no request to the broker and no call to the KMS, got ${hits}, ${requests} and ${calls}`,
  );
  passed(
    `cache hits ${hits}, requests to the broker ${requests}, and so calls to the customer’s KMS ${calls}; the key stays usable for at most 5 minutes`,
  );
}

async function takeKeyAway(recording: Recording, keys: References): Promise<void> {
  heading('The customer disables the key');
  const { customer } = recording.system;
  const log = await usesFrom(recording);
  await customer.disable(keys);
  const disabledAt = performance.now();
  fact(customer.words.disabling);
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
  const refused = (await log.since()).filter(({ kind, refusal }) => kind === 'UNWRAP' && refusal !== null);
  const [first] = refused;
  must(first !== undefined, 'the customer’s log holds no unwrapping that was refused');
  fact(
    `Acme’s log has the refused attempts too: ${refused.length} × ${first.operation}, ${first.refusal ?? ''}`,
  );
}

/** Why the recording does not open; null: it does. */
async function refusalOf(recording: Recording): Promise<CmkError | null> {
  try {
    await openAndCompare(recording);
    return null;
  } catch (error) {
    if (isRefusal(error)) return error;
    throw error;
  }
}

function isRefusal(error: unknown): error is CmkError {
  return error instanceof CmkError && error.code === 'KEY_DISABLED';
}

async function giveKeyBack(recording: Recording, keys: References): Promise<void> {
  heading('The customer enables the key again');
  await recording.system.customer.enable(keys);
  const { seen } = await mustSoon('it opens again', RETURN_LIMIT_MS, async () => {
    try {
      return await timed(() => openAndCompare(recording));
    } catch (error) {
      if (isRefusal(error)) return null;
      throw error;
    }
  });
  const { ms, result } = seen;
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

async function makeSample(dir: string): Promise<string> {
  const path = join(dir, 'sample-recording.mp4');
  await pipeline(function* () {
    for (let left = SAMPLE_BYTES; left > 0; left -= 65_536) yield randomBytes(Math.min(left, 65_536));
  }, createWriteStream(path));
  return path;
}

/**
 * What the customer's log says of this recording from now on. Where it does not name what a key was used for, every
 * use counts.
 */
async function usesFrom({ system: { customer }, asset }: Recording): Promise<{ since(): Promise<KeyUse[]> }> {
  const known = (await customer.keyUses()).length;
  return {
    since: async () =>
      (await customer.keyUses())
        .slice(known)
        .filter(({ context }) => context === null || isContextOf(context, asset)),
  };
}
