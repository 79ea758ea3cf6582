import { randomBytes } from 'node:crypto';
import test, { type ExecutionContext } from 'ava';
import { CmkError, type CmkClient } from '../../client/index.ts';
import { runMarker } from '../support/canaries.ts';
import { metricIn } from '../../sandbox/scrape.ts';
import { DrivenSystem, type SidecarInProcess } from '../support/driven-system.ts';
import { sidecarId } from '../support/settings.ts';
import { eventually } from '../support/eventually.ts';
import { plaintextKeyFrom } from '../support/plaintext-key.ts';
import { ACCOUNT, OWNER, recording } from '../support/whole-system.ts';

/** No data key is used more than 300 s after the KMS last allowed it. The clock is driven; everything else is real. */

const LEASE_MS = 300_000;
const STEP_MS = 5_000;
const HOUR_MS = 3_600_000;
/** On the clock of the test: when the second sidecar begins to read, when the key is taken away, and the end. */
const SECOND_READER_MS = 30_000;
const TAKEN_AWAY_MS = 60_000;
const END_MS = 390_000;

interface Row {
  readonly takeAway: (system: DrivenSystem) => Promise<void> | void;
  /** How reading fails once the leases are over. */
  readonly code: string;
  readonly linkUp: boolean;
}

/** Ways in which nothing but the lease ends the use of a key: no revocation reaches the sidecars. */
const ROWS: Record<string, Row> = {
  'the customer disabled the key, and no probe tells': {
    takeAway(system) {
      system.kms.probesArrive = false;
      for (const key of system.keys) system.aws.disableKey(key);
    },
    code: 'KEY_DISABLED',
    linkUp: true,
  },
  'the KMS cannot be reached': {
    async takeAway({ aws }) {
      for (const region of Object.keys(aws.endpoints)) await aws.stopRegion(region);
    },
    code: 'KMS_UNREACHABLE',
    linkUp: true,
  },
  'the customer disabled the key, and the sidecars are cut off from the broker': {
    takeAway(system) {
      system.link.close();
      for (const key of system.keys) system.aws.disableKey(key);
    },
    code: 'BROKER_UNREACHABLE',
    linkUp: false,
  },
};

/** How the wall clock is turned while leases run. */
const WALL_CLOCKS: Record<string, number> = {
  'the wall clock runs on': 0,
  'the wall clock is turned back an hour': -HOUR_MS,
  'the wall clock is turned forth an hour': HOUR_MS,
};

async function outcomeOf(attempt: Promise<unknown>): Promise<string> {
  try {
    await attempt;
    return 'OK';
  } catch (error) {
    return error instanceof CmkError ? error.code : String(error);
  }
}

/** Reads with both sidecars every few seconds; one line a read: when, who, how it ended. */
async function readAllTheTime(
  t: ExecutionContext,
  system: DrivenSystem,
  { row, turnWallMs }: { row: Row; turnWallMs: number },
): Promise<string[]> {
  const first = await system.startSidecar('first');
  const second = await system.startSidecar('second');
  const both = [first, second];
  await eventually(() => both.every(({ sidecar }) => sidecar.hearsRevocations()));
  const content = randomBytes(100_000);
  const sealed = await system.seal(first.client, content, 'meeting');
  const sealedAtMs = system.clock.monotonicMs();
  const outcomes: string[] = [];

  const read = async (name: string, { client }: SidecarInProcess): Promise<void> => {
    const opening = system.open(client, sealed, 'meeting');
    opening.catch((error: unknown) => system.note(error));
    const outcome = await outcomeOf(opening);
    const nowMs = system.clock.monotonicMs();
    outcomes.push(`${nowMs - sealedAtMs} ${name} ${outcome}`);
    if (outcome !== 'OK') return;
    t.true(nowMs - system.kms.lastAllowedMs < LEASE_MS, outcomes.at(-1));
    t.true(content.equals(await opening));
  };

  for (let atMs = 0; atMs <= END_MS; atMs += STEP_MS) {
    if (atMs === TAKEN_AWAY_MS) await row.takeAway(system);
    if (atMs === TAKEN_AWAY_MS + STEP_MS) system.clock.turnWallClock(turnWallMs);
    const over = atMs >= LEASE_MS;
    // The last millisecond of the lease is the one that tells an off-by-one.
    if (atMs === LEASE_MS) {
      await system.pass(STEP_MS - 1_000);
      await read('first', first);
      await noRevocation(t, both);
      await system.pass(1_000);
    } else if (atMs > 0) await system.pass(STEP_MS);
    if (!over || atMs % 30_000 === 0) await read('first', first);
    if (atMs >= SECOND_READER_MS && atMs % 30_000 === 0) await read('second', second);
    if (row.linkUp && !over) await eventually(() => both.every(({ sidecar }) => sidecar.hearsRevocations()));
  }
  return outcomes;
}

/** What ends the use is the lease and nothing else. */
async function noRevocation(t: ExecutionContext, sidecars: readonly SidecarInProcess[]): Promise<void> {
  for (const { sidecar } of sidecars) {
    t.is(metricIn(await sidecar.metrics.registry.metrics(), 'cmk_revocations_total'), 0);
  }
}

/** Each read before the lease's end succeeds, each one from then on fails. */
function expectedFor(outcomes: readonly string[], code: string): string[] {
  return outcomes.map((line) => {
    const [atMs = '', name = ''] = line.split(' ');
    return `${atMs} ${name} ${Number(atMs) < LEASE_MS ? 'OK' : code}`;
  });
}

for (const [name, row] of Object.entries(ROWS)) {
  test(`reading ends 300 s after the KMS last allowed it: ${name}`, async (t) => {
    const sequences = new Map<string, string[]>();
    for (const [turned, turnWallMs] of Object.entries(WALL_CLOCKS)) {
      const system = await DrivenSystem.start(t, `leases-${row.code}-${turnWallMs}`);
      const outcomes = await readAllTheTime(t, system, { row, turnWallMs });
      t.true(outcomes.filter((line) => line.includes('second OK')).length === 9, turned);
      t.deepEqual(outcomes, expectedFor(outcomes, row.code), turned);
      sequences.set(turned, outcomes);
    }
    const [baseline, ...others] = sequences.values();
    for (const outcomes of others) t.deepEqual(outcomes, baseline);
  });
}

test.serial('every data key here carries the marker that the scan looks for', async (t) => {
  const { broker, ca } = await DrivenSystem.start(t, 'leases-canary');
  const key = await plaintextKeyFrom(`127.0.0.1:${broker.grpcPort}`, ca, sidecarId('0001'));
  t.is(key.length, 32);
  t.is(key.indexOf(runMarker()), 0);
});

test.serial('a key that works is read on and on: each lease is renewed by the KMS', async (t) => {
  const system = await DrivenSystem.start(t, 'leases-renewed');
  const { client } = await system.startSidecar('first');
  const content = randomBytes(1_000);
  const sealed = await system.seal(client, content, 'meeting');
  for (let atMs = 0; atMs <= 3 * LEASE_MS; atMs += 30_000) {
    t.true(content.equals(await system.open(client, sealed, 'meeting')));
    t.true(system.clock.monotonicMs() - system.kms.lastAllowedMs < LEASE_MS);
    system.clock.advance(30_000);
  }
  t.is(system.aws.events({ eventName: 'Decrypt' }).filter(isOfMeeting).length, 3);
});

test.serial('an account’s shorter lease ends reading in the sidecars, and nothing else does', async (t) => {
  const system = await DrivenSystem.start(t, 'leases-shorter');
  const path = `/v1/accounts/${ACCOUNT}/leases/0001/MeetingWebinarRecording`;
  await system.admin.call('PUT', path, { seconds: 60 });
  const { client } = await system.startSidecar('first');
  const content = randomBytes(1_000);
  const sealed = await system.seal(client, content, 'meeting');
  system.kms.probesArrive = false;
  for (const key of system.keys) system.aws.disableKey(key);
  for (let atMs = 10_000; atMs < 60_000; atMs += 10_000) {
    system.clock.advance(10_000);
    t.true(content.equals(await system.open(client, sealed, 'meeting')), `after ${atMs} ms`);
  }
  system.clock.advance(10_000);
  const error = await t.throwsAsync(system.open(client, sealed, 'meeting'), { code: 'KEY_DISABLED' });
  system.note(error);
});

function isOfMeeting(event: { requestParameters: { encryptionContext?: object } | null }): boolean {
  return (event.requestParameters?.encryptionContext as { id?: string } | undefined)?.id === 'meeting';
}

/** A source that the test feeds piece by piece. */
class Tap implements AsyncIterable<Uint8Array> {
  readonly #pieces: Uint8Array[] = [];
  #ended = false;
  #wake: (() => void) | null = null;

  send(piece: Uint8Array): void {
    this.#pieces.push(piece);
    this.#wake?.();
  }

  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for (;;) {
      const piece = this.#pieces.shift();
      if (piece) yield piece;
      else if (this.#ended) return;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

const FRAMES = 64 * 1024;

interface LongStream {
  readonly begin: (client: CmkClient, source: Tap) => ReturnType<CmkClient['encrypt']>;
  readonly input: (sealed: Buffer, plain: Buffer) => Buffer;
}

const STREAMS: Record<string, LongStream> = {
  opening: {
    begin: (client, source) => client.decrypt(source, { asset: recording('meeting'), reason: 'USER_ACCESS' }),
    input: (sealed) => sealed,
  },
  sealing: {
    begin: (client, source) => client.encrypt(source, { asset: recording('meeting'), owner: OWNER }),
    input: (_, plain) => plain,
  },
};

for (const [what, { begin, input }] of Object.entries(STREAMS)) {
  for (const [turned, turnWallMs] of Object.entries(WALL_CLOCKS)) {
    for (const allowed of [false, true]) {
      const ending = allowed
        ? 'goes on when the KMS allows it again'
        : 'stops when the KMS does not allow it';
      // One after the other: all at once they would wait for one another longer than a request to the broker may take.
      test.serial(`${what} that outlives its lease ${ending}; ${turned}`, async (t) => {
        const system = await DrivenSystem.start(t, `leases-stream-${what}-${turnWallMs}-${allowed}`);
        const { client } = await system.startSidecar('first');
        const plain = randomBytes(8 * FRAMES);
        const bytes = input(await system.seal(client, plain, 'meeting'), plain);
        system.clock.advance(1_000);
        const half = 4 * FRAMES + 1_000;

        const source = new Tap();
        const stream = begin(client, source);
        let receivedBytes = 0;
        let ended = false;
        stream.on('data', (piece: Buffer) => (receivedBytes += piece.length));
        stream.on('close', () => (ended = true));
        source.send(bytes.subarray(0, half));
        await eventually(() => receivedBytes >= 4 * FRAMES);

        if (!allowed) {
          system.kms.probesArrive = false;
          for (const key of system.keys) system.aws.disableKey(key);
        }
        system.clock.turnWallClock(turnWallMs);
        system.clock.advance(LEASE_MS - 2_000);
        // Still within the lease: one more frame passes.
        source.send(bytes.subarray(half, half + FRAMES));
        await eventually(() => receivedBytes >= 5 * FRAMES);
        const before = receivedBytes;
        system.clock.advance(1_000);
        source.send(bytes.subarray(half + FRAMES));
        source.end();
        await eventually(() => ended);
        if (allowed) {
          t.is(stream.errored, null);
          t.true(receivedBytes >= plain.length);
        } else {
          t.is((stream.errored as CmkError).code, 'KEY_DISABLED');
          t.is(receivedBytes, before, 'no byte more after the lease');
          system.note(stream.errored);
        }
      });
    }
  }
}
