import { randomBytes } from 'node:crypto';
import { CmkError } from '../../core/errors.ts';
import { eventually } from '../support/eventually.ts';
import { asset, Dialogue } from '../support/sidecar-fixture.ts';
import { withSidecar } from '../support/with-sidecar.ts';

const FRAME = 64 * 1024;
const LEASE_MS = 300_000;
const frame = randomBytes(FRAME);

const SETTINGS = { CMK_BROKER_DEADLINE: '30s' };

withSidecar(
  'a data key is fetched once for a lease, however often it is used',
  SETTINGS,
  async (t, fixture) => {
    const { broker, clock } = fixture;
    const { data } = await fixture.seal([frame]);
    for (let i = 0; i < 5; i++) {
      t.is((await fixture.open([data])).code, null);
      clock.advance(59_000);
    }
    t.is(broker.count('ResolveDataKey'), 1);
    clock.advance(6_000);
    t.is((await fixture.open([data])).code, null);
    t.is(broker.count('ResolveDataKey'), 2);
  },
);

withSidecar(
  'nothing opens 300 s after the key was last allowed, however often it was read',
  SETTINGS,
  async (t, fixture) => {
    const { data } = await fixture.seal([frame]);
    await fixture.open([data]);
    fixture.broker.revoke('KEY_DISABLED', { tell: false });
    for (let i = 0; i < 3; i++) {
      fixture.clock.advance(99_999);
      t.is((await fixture.open([data])).code, null);
    }
    fixture.clock.advance(3);
    const late = await fixture.open([data]);
    t.is(late.code, 'KEY_DISABLED');
    t.is(late.data.length, 0);
  },
);

withSidecar('turning the wall clock back or forth an hour changes nothing', SETTINGS, async (t, fixture) => {
  const { data } = await fixture.seal([frame]);
  await fixture.open([data]);
  fixture.broker.revoke('KEY_DISABLED', { tell: false });
  fixture.clock.turnWallClock(-3_600_000);
  fixture.clock.advance(LEASE_MS - 1);
  t.is((await fixture.open([data])).code, null);
  fixture.clock.turnWallClock(7_200_000);
  t.is((await fixture.open([data])).code, null);
  fixture.clock.advance(1);
  t.is((await fixture.open([data])).code, 'KEY_DISABLED');
});

withSidecar('a lease that claims to be longer than 300 s is not', SETTINGS, async (t, fixture) => {
  fixture.broker.leaseMs = 3_600_000;
  await fixture.seal([frame]);
  fixture.clock.advance(LEASE_MS);
  await fixture.seal([frame]);
  t.is(fixture.broker.count('IssueDataKey'), 2);
});

withSidecar('a lease counts from before the broker was asked', SETTINGS, async (t, fixture) => {
  const release = fixture.broker.hold();
  const sealing = fixture.seal([frame]);
  await eventually(() => fixture.broker.count('IssueDataKey') === 1);
  fixture.clock.advance(10_000);
  release();
  t.is((await sealing).code, null);
  fixture.clock.advance(LEASE_MS - 10_000);
  await fixture.seal([frame]);
  t.is(fixture.broker.count('IssueDataKey'), 2);
});

withSidecar(
  'a sealing stream that outlives its lease renews it and goes on',
  SETTINGS,
  async (t, fixture) => {
    const dialogue = new Dialogue(fixture, 'encrypt');
    await dialogue.exchange(frame, FRAME);
    fixture.clock.advance(LEASE_MS);
    await dialogue.exchange(frame, FRAME);
    t.is(fixture.broker.count('ResolveDataKey'), 1);
    fixture.clock.advance(LEASE_MS - 1);
    await dialogue.exchange(frame, FRAME);
    t.is(fixture.broker.count('ResolveDataKey'), 1);
    const sealed = await dialogue.end();
    t.is(sealed.code, null);
    t.true((await fixture.open([sealed.data])).data.equals(Buffer.concat([frame, frame, frame])));
    t.is(await fixture.metric('cmk_lease_renewals_total{outcome="renewed"}'), 1);
  },
);

withSidecar(
  'a sealing stream renews the data key it has, though the asset has a newer one',
  SETTINGS,
  async (t, fixture) => {
    const dialogue = new Dialogue(fixture, 'encrypt');
    await dialogue.exchange(frame, FRAME);
    fixture.broker.renewGeneration(asset);
    fixture.clock.advance(LEASE_MS);
    await dialogue.exchange(frame, FRAME);
    const sealed = await dialogue.end();
    t.is(sealed.code, null);
    const newer = await fixture.seal([frame]);
    t.not(newer.started?.dataKeyId, sealed.started?.dataKeyId);
  },
);

withSidecar(
  'a stream whose renewal is refused stops with the cause and releases nothing more',
  SETTINGS,
  async (t, fixture) => {
    const { data } = await fixture.seal([frame, frame, frame]);
    const half = data.length >> 1;
    const dialogue = new Dialogue(fixture, 'decrypt');
    await dialogue.exchange(data.subarray(0, half), FRAME);
    const before = dialogue.receivedBytes;
    fixture.broker.revoke('KEY_PERMISSION_REVOKED', { tell: false });
    fixture.clock.advance(LEASE_MS);
    dialogue.send(data.subarray(half));
    const outcome = await dialogue.end();
    t.is(outcome.code, 'KEY_PERMISSION_REVOKED');
    t.is(outcome.data.length, before);
  },
);

withSidecar(
  'a stream that ends after its lease does not seal its last frame without a renewal',
  SETTINGS,
  async (t, fixture) => {
    const dialogue = new Dialogue(fixture, 'encrypt');
    await dialogue.exchange(frame, FRAME);
    fixture.broker.revoke('KEY_DISABLED', { tell: false });
    fixture.clock.advance(LEASE_MS);
    t.is((await dialogue.end()).code, 'KEY_DISABLED');
  },
);

withSidecar(
  'a stream goes on while the broker is away, until its lease is over',
  SETTINGS,
  async (t, fixture) => {
    const dialogue = new Dialogue(fixture, 'encrypt');
    await dialogue.exchange(frame, FRAME);
    fixture.broker.stop();
    fixture.clock.advance(LEASE_MS - 1);
    await dialogue.exchange(frame, FRAME);
    fixture.clock.advance(1);
    dialogue.send(frame);
    const outcome = await dialogue.end();
    t.is(outcome.code, 'BROKER_UNREACHABLE');
    t.is(outcome.message, 'the key broker cannot be reached');
    t.is((await fixture.seal([frame])).code, 'BROKER_UNREACHABLE');
  },
);

withSidecar('a renewal with another data key is not taken', SETTINGS, async (t, fixture) => {
  const dialogue = new Dialogue(fixture, 'encrypt');
  await dialogue.exchange(frame, FRAME);
  fixture.broker.tamper = (grant) => ({ ...grant, plaintextKey: randomBytes(32) });
  fixture.clock.advance(LEASE_MS);
  dialogue.send(frame);
  t.is((await dialogue.end()).code, 'INTERNAL');
});

const wrong: [name: string, change: object][] = [
  ['with another id', { dataKeyId: 'other' }],
  ['for another context', { encryptionContext: { acct: 'globex' } }],
  ['of 16 bytes', { plaintextKey: randomBytes(16) }],
];
for (const [name, change] of wrong) {
  withSidecar(`a data key ${name} than was asked for is not used`, SETTINGS, async (t, fixture) => {
    const { data } = await fixture.seal([frame]);
    fixture.broker.tamper = (grant) => ({ ...grant, ...change });
    const outcome = await fixture.open([data]);
    t.is(outcome.code, 'INTERNAL');
    t.is(outcome.started, null);
  });
}

withSidecar(
  'a thousand streams that begin at once with a new asset ask the broker once',
  SETTINGS,
  async (t, fixture) => {
    const outcomes = await Promise.all(
      Array.from({ length: 1000 }, () => fixture.seal([Buffer.from('small')])),
    );
    t.deepEqual(new Set(outcomes.map(({ code }) => code)), new Set([null]));
    t.is(fixture.broker.count('IssueDataKey'), 1);
    t.is(new Set(outcomes.map(({ started }) => started?.dataKeyId)).size, 1);
    t.is(await fixture.metric('cmk_key_cache_misses_total'), 1);
  },
);

withSidecar('a refusal is not kept', SETTINGS, async (t, fixture) => {
  fixture.broker.refuse(new CmkError('KMS_UNREACHABLE', 'the KMS does not answer'));
  t.is((await fixture.seal([frame])).code, 'KMS_UNREACHABLE');
  fixture.broker.restore();
  t.is((await fixture.seal([frame])).code, null);
});
