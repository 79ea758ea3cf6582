import { randomBytes } from 'node:crypto';
import { eventually } from '../support/eventually.ts';
import type { SidecarFixture } from '../support/sidecar-fixture.ts';
import { Dialogue, start } from '../support/sidecar-fixture.ts';
import { withSidecar } from '../support/with-sidecar.ts';

const KIB = 1024;
const FRAME = 64 * KIB;
const frame = randomBytes(FRAME);
const IDLE = { CMK_STREAM_IDLE: '60s' };
const IN_FLIGHT = 'cmk_rpc_in_flight{method="Encrypt"}';

const ended = (code: string) => `cmk_rpc_duration_seconds_count{method="Encrypt",code="${code}"}`;

withSidecar('a stream that sends nothing is ended', IDLE, async (t, fixture) => {
  const call = fixture.call('encrypt');
  call.on('error', () => undefined);
  await eventually(async () => (await fixture.metric(IN_FLIGHT)) === 1);
  fixture.clock.advance(59_999);
  t.is(await fixture.metric(IN_FLIGHT), 1);
  fixture.clock.advance(1);
  await eventually(async () => (await fixture.metric(ended('STREAM_IDLE'))) === 1);
  t.is(await fixture.metric(IN_FLIGHT), 0);
});

withSidecar(
  'a stream that waits for the broker for too long is told that it was idle',
  IDLE,
  async (t, fixture) => {
    const release = fixture.broker.hold();
    const dialogue = new Dialogue(fixture, 'encrypt');
    await eventually(() => fixture.broker.count('IssueDataKey') === 1);
    fixture.clock.advance(60_000);
    t.is((await dialogue.outcome).code, 'STREAM_IDLE');
    release();
  },
);

withSidecar('a writer at one byte a second is ended', IDLE, async (t, fixture) => {
  const dialogue = new Dialogue(fixture, 'encrypt');
  await dialogue.exchange(Buffer.alloc(2 * KIB), 1);
  for (let second = 0; second < 120; second++) {
    dialogue.send(Buffer.from([second]));
    fixture.clock.advance(1_000);
  }
  const outcome = await dialogue.outcome;
  t.is(outcome.code, 'STREAM_IDLE');
  t.true(outcome.message.startsWith('expected at least 1024 bytes in 60 s'), outcome.message);
});

withSidecar('a writer just fast enough is not', IDLE, async (t, fixture) => {
  const dialogue = new Dialogue(fixture, 'encrypt');
  await dialogue.exchange(frame, FRAME);
  for (let minute = 0; minute < 5; minute++) {
    await dialogue.exchange(frame.subarray(0, 63 * KIB), 0);
    await dialogue.exchange(frame.subarray(0, 1 * KIB), FRAME);
    fixture.clock.advance(60_000);
  }
  t.is((await dialogue.end()).code, null);
});

withSidecar('a reader that stalls is ended, and what it left unread is dropped', IDLE, async (t, fixture) => {
  const dialogue = new Dialogue(fixture, 'encrypt');
  await dialogue.exchange(frame, FRAME);
  dialogue.stall();
  const sent = 100;
  for (let i = 0; i < sent; i++) dialogue.send(frame);
  await standsStill(fixture);

  fixture.clock.advance(120_000);
  await eventually(async () => (await fixture.metric(ended('STREAM_IDLE'))) === 1);
  t.is(await fixture.metric(IN_FLIGHT), 0);
  t.false(dialogue.isOver, 'the status waits behind the data');
  fixture.clock.advance(2_000);
  await eventually(() => dialogue.isOver);
  dialogue.resume();
  t.not((await dialogue.outcome).code, null);
  t.true(dialogue.receivedBytes < sent * FRAME);
});

withSidecar('a reader that stalls and reads on in time loses nothing', IDLE, async (t, fixture) => {
  const dialogue = new Dialogue(fixture, 'encrypt');
  await dialogue.exchange(frame, FRAME);
  dialogue.stall();
  for (let i = 0; i < 100; i++) dialogue.send(frame);
  await standsStill(fixture);
  fixture.clock.advance(59_999);
  dialogue.resume();
  const outcome = await dialogue.end();
  t.is(outcome.code, null);
  t.true(outcome.data.length > 101 * FRAME);
});

/** Waits until no stream moves any more. */
async function standsStill(fixture: SidecarFixture): Promise<void> {
  let [moved, since] = [-1, performance.now()];
  await eventually(async () => {
    const now = await fixture.metric('cmk_stream_bytes_total{operation="seal"}');
    if (now !== moved) [moved, since] = [now, performance.now()];
    return performance.now() - since > 750;
  });
}

withSidecar(
  'more streams than the limit are refused, and told so',
  { CMK_MAX_STREAMS: '2' },
  async (t, fixture) => {
    const [one, two] = [new Dialogue(fixture, 'encrypt'), new Dialogue(fixture, 'encrypt')];
    await one.exchange(frame, FRAME);
    await two.exchange(frame, FRAME);
    const third = await fixture.seal([frame]);
    t.is(third.code, 'TOO_MANY_STREAMS');
    t.is(third.message, 'expected at most 2 streams at a time');
    t.is((await one.end()).code, null);
    t.is((await fixture.seal([frame])).code, null);
    t.is((await two.end()).code, null);
  },
);

withSidecar('a client that cancels frees its stream', { CMK_MAX_STREAMS: '1' }, async (t, fixture) => {
  const dialogue = new Dialogue(fixture, 'encrypt');
  await dialogue.exchange(frame, FRAME);
  dialogue.cancel();
  t.is((await dialogue.outcome).code, 'CANCELLED');
  await eventually(async () => (await fixture.metric(IN_FLIGHT)) === 0);
  t.is((await fixture.seal([frame])).code, null);
});

withSidecar(
  'a client that cancels while the broker is asked frees its stream, not the others’',
  {},
  async (t, fixture) => {
    const release = fixture.broker.hold();
    const cancelled = new Dialogue(fixture, 'encrypt');
    await eventually(() => fixture.broker.count('IssueDataKey') === 1);
    const other = fixture.seal([frame]);
    await eventually(async () => (await fixture.metric(IN_FLIGHT)) === 2);
    cancelled.cancel();
    await eventually(async () => (await fixture.metric(IN_FLIGHT)) === 1);
    release();
    t.is((await other).code, null);
    t.is(fixture.broker.count('IssueDataKey'), 1);
  },
);

withSidecar('a deadline of the client ends its stream', {}, async (t, fixture) => {
  const call = fixture.client.encrypt({ deadline: Date.now() + 300 });
  call.write({ start });
  const code = await new Promise((resolve) =>
    call.on('error', ({ code }: { code?: number }) => resolve(code)).resume(),
  );
  t.is(code, 4);
  await eventually(async () => (await fixture.metric(IN_FLIGHT)) === 0);
});
