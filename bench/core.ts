/**
 * How fast the core seals and opens, against raw AES-256-GCM of Node and against the official client, on one thread,
 * at frames of 64 KiB.
 *
 * What is compared: all read the same plaintext (or a ciphertext laid out alike) in pieces of 1 MiB. The core writes
 * whole sealed files into one buffer that it is given; for each frame it also authenticates a header of additional
 * data and copies Node's output. The raw baseline does for each 64 KiB what nobody can do without (a cipher,
 * `update`, `final`, the tag) and keeps Node's own buffers until the next piece: no frames, no copies. The official
 * client runs as a stream whose output is read and dropped.
 *
 * Each pair runs in turns, and who begins changes from round to round. A throughput is the median over the rounds; a
 * ratio is the median of the rounds' own ratios, so that a slow moment of the machine hits both sides. Rounds are
 * short and many, so that most of them are not interrupted.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { Readable } from 'node:stream';
import { DataKey } from '../core/data-key.ts';
import { HeaderReader } from '../core/header.ts';
import type { Header } from '../core/header.ts';
import { DEFAULT_FRAME_BYTES, REGULAR_HEAD_BYTES, TAG_BYTES } from '../core/message-format.ts';
import { Opener } from '../core/opener.ts';
import { brokerDataKey } from '../core/reference.ts';
import { Sealer } from '../core/sealer.ts';
import { officialOpenStream, officialSealStream } from '../test/support/official-client.ts';

const PLAINTEXT_BYTES = 16 * 1024 * 1024;
const PIECE_BYTES = 1024 * 1024;
const FRAME_BYTES = DEFAULT_FRAME_BYTES;
const SEALED_FRAME_BYTES = REGULAR_HEAD_BYTES + FRAME_BYTES + TAG_BYTES;
const WARM_UP_ROUNDS = 5;
const CONTEXT = { acct: 'acme', id: '93201847', srvId: '0001', timestamp: '1760000000', type: 'Recording' };
const ENCRYPTED_DATA_KEYS = [brokerDataKey('0199e2a4-7b1c-7c3e-9a5d-2f1e8b7c6d50', 1)];

/** One measured thing against another, from the same rounds. */
export interface Comparison {
  readonly name: string;
  readonly baseline: string;
  /** Plaintext bytes a second. */
  readonly bytesPerSecond: number;
  readonly baselineBytesPerSecond: number;
  readonly ratio: number;
  /** The least acceptable ratio. */
  readonly target: number;
}

type Contestant = (bench: Bench) => void | Promise<void>;

/** What all contestants work on. */
interface Bench {
  readonly dataKey: DataKey;
  readonly plaintext: Buffer;
  readonly header: Header;
  /** The frames of the sealed plaintext, without the header. */
  readonly body: Buffer;
  readonly sealed: Buffer;
  /** Laid out as `body`, but encrypted by raw AES-256-GCM under the data key itself. */
  readonly rawBody: Buffer;
  readonly out: Buffer;
}

const CONTESTANTS = {
  'core, seal': ({ dataKey, plaintext, out }) => {
    const sealer = new Sealer({ dataKey, context: CONTEXT, encryptedDataKeys: ENCRYPTED_DATA_KEYS });
    for (let at = 0; at < plaintext.length; at += PIECE_BYTES) {
      sealer.update(plaintext.subarray(at, at + PIECE_BYTES), out, 0);
    }
    sealer.final(out, 0);
  },
  'raw AES-256-GCM, encrypt': ({ dataKey, plaintext }) => {
    const iv = Buffer.alloc(12);
    for (let at = 0; at < plaintext.length; at += PIECE_BYTES) {
      const kept: Buffer[] = [];
      for (let from = at; from < at + PIECE_BYTES; from += FRAME_BYTES) {
        iv.writeUInt32BE(from / FRAME_BYTES + 1, 8);
        const cipher = createCipheriv('aes-256-gcm', dataKey.keyObject, iv);
        kept.push(cipher.update(plaintext.subarray(from, from + FRAME_BYTES)));
        cipher.final();
        kept.push(cipher.getAuthTag());
      }
    }
  },
  'official client, seal': ({ dataKey, plaintext }) =>
    drain(
      officialSealStream(pieces(plaintext), {
        dataKey,
        context: CONTEXT,
        encryptedDataKeys: ENCRYPTED_DATA_KEYS,
        frameBytes: FRAME_BYTES,
      }),
      plaintext.length,
    ),
  'core, open': ({ dataKey, header, body, out }) => {
    const opener = new Opener(header, dataKey);
    for (let at = 0; at < body.length; at += PIECE_BYTES) {
      opener.update(body.subarray(at, at + PIECE_BYTES), out, 0);
    }
    opener.final();
  },
  'raw AES-256-GCM, decrypt': ({ dataKey, rawBody, plaintext }) => {
    const iv = Buffer.alloc(12);
    let kept: Buffer[] = [];
    for (let frame = 0; frame < plaintext.length / FRAME_BYTES; frame++) {
      const at = frame * SEALED_FRAME_BYTES;
      const tagAt = at + SEALED_FRAME_BYTES - TAG_BYTES;
      iv.writeUInt32BE(frame + 1, 8);
      const decipher = createDecipheriv('aes-256-gcm', dataKey.keyObject, iv);
      kept.push(decipher.update(rawBody.subarray(at + REGULAR_HEAD_BYTES, tagAt)));
      decipher.setAuthTag(rawBody.subarray(tagAt, tagAt + TAG_BYTES));
      decipher.final();
      if (kept.length * FRAME_BYTES === PIECE_BYTES) kept = [];
    }
  },
  'official client, open': ({ dataKey, sealed, plaintext }) =>
    drain(officialOpenStream(pieces(sealed), dataKey), plaintext.length),
} satisfies Record<string, Contestant>;

type ContestantName = keyof typeof CONTESTANTS;

const PAIRS: readonly { name: ContestantName; baseline: ContestantName; target: number; rounds: number }[] = [
  { name: 'core, seal', baseline: 'raw AES-256-GCM, encrypt', target: 0.85, rounds: 101 },
  { name: 'core, open', baseline: 'raw AES-256-GCM, decrypt', target: 0.85, rounds: 101 },
  { name: 'core, seal', baseline: 'official client, seal', target: 2, rounds: 21 },
  { name: 'core, open', baseline: 'official client, open', target: 2, rounds: 21 },
];

/** Measures all pairs; some ten seconds on an idle machine, run with --expose-gc. */
export async function benchCore(): Promise<Comparison[]> {
  const bench = prepare();
  const comparisons: Comparison[] = [];
  for (const pair of PAIRS) comparisons.push(await compare(bench, pair));
  return comparisons;
}

async function compare(
  bench: Bench,
  { name, baseline, target, rounds }: (typeof PAIRS)[number],
): Promise<Comparison> {
  const times: { own: number; baseline: number }[] = [];
  for (let round = -WARM_UP_ROUNDS; round < rounds; round++) {
    const time = { own: 0, baseline: 0 };
    const turns = [
      async () => (time.own = await secondsOf(CONTESTANTS[name], bench)),
      async () => (time.baseline = await secondsOf(CONTESTANTS[baseline], bench)),
    ];
    if (round % 2 === 0) turns.reverse();
    for (const turn of turns) await turn();
    if (round >= 0) times.push(time);
  }
  return {
    name,
    baseline,
    bytesPerSecond: PLAINTEXT_BYTES / median(times.map((time) => time.own)),
    baselineBytesPerSecond: PLAINTEXT_BYTES / median(times.map((time) => time.baseline)),
    ratio: median(times.map((time) => time.baseline / time.own)),
    target,
  };
}

async function secondsOf(contestant: Contestant, bench: Bench): Promise<number> {
  // One contestant's garbage must not be the other's burden.
  globalThis.gc?.();
  const start = performance.now();
  const pending = contestant(bench);
  if (pending) await pending;
  return (performance.now() - start) / 1000;
}

/** One line a comparison, for people. */
export function describeComparison(comparison: Comparison): string {
  const gigabytes = (bytesPerSecond: number): string => `${(bytesPerSecond / 1e9).toFixed(2)} GB/s`;
  const { name, baseline, bytesPerSecond, baselineBytesPerSecond, ratio, target } = comparison;
  const verdict = ratio >= target ? 'reached' : 'MISSED';
  return (
    `${name}: ${gigabytes(bytesPerSecond)}; ${baseline}: ${gigabytes(baselineBytesPerSecond)}; ` +
    `ratio ${ratio.toFixed(2)}, at least ${target.toFixed(2)}: ${verdict}`
  );
}

function prepare(): Bench {
  const dataKey = DataKey.generate();
  const plaintext = randomBytes(PLAINTEXT_BYTES);
  const sealer = new Sealer({ dataKey, context: CONTEXT, encryptedDataKeys: ENCRYPTED_DATA_KEYS });
  const body = Buffer.alloc(sealer.updateBytes(PLAINTEXT_BYTES) + sealer.finalBytes());
  const written = sealer.update(plaintext, body, 0);
  sealer.final(body, written);
  const read = new HeaderReader().push(sealer.header);
  if (!read) throw new Error('the sealed header is incomplete');
  const sealed = Buffer.concat([sealer.header, body]);
  return {
    dataKey,
    plaintext,
    header: read.header,
    body,
    sealed,
    rawBody: encryptRaw(dataKey, plaintext, body.length),
    out: Buffer.alloc(2 * PIECE_BYTES),
  };
}

function encryptRaw(dataKey: DataKey, plaintext: Buffer, bytes: number): Buffer {
  const rawBody = Buffer.alloc(bytes);
  const iv = Buffer.alloc(12);
  for (let frame = 0; frame < plaintext.length / FRAME_BYTES; frame++) {
    const at = frame * SEALED_FRAME_BYTES + REGULAR_HEAD_BYTES;
    iv.writeUInt32BE(frame + 1, 8);
    const cipher = createCipheriv('aes-256-gcm', dataKey.keyObject, iv);
    cipher.update(plaintext.subarray(frame * FRAME_BYTES, (frame + 1) * FRAME_BYTES)).copy(rawBody, at);
    cipher.final();
    cipher.getAuthTag().copy(rawBody, at + FRAME_BYTES);
  }
  return rawBody;
}

function* pieces(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES);
}

/** Reads a stream to its end, and makes sure that it carried something. */
async function drain(stream: Readable, atLeastBytes: number): Promise<void> {
  let bytes = 0;
  for await (const piece of stream) bytes += (piece as Buffer).length;
  if (bytes < atLeastBytes) throw new Error(`expected at least ${atLeastBytes} bytes, got ${bytes}`);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

if (process.argv[1] === import.meta.filename) {
  for (const comparison of await benchCore()) console.log(describeComparison(comparison));
}
