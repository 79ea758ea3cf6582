import { randomBytes } from 'node:crypto';
import { eventually } from '../support/eventually.ts';
import type { SidecarFixture } from '../support/sidecar-fixture.ts';
import { Dialogue } from '../support/sidecar-fixture.ts';
import { withSidecar } from '../support/with-sidecar.ts';

const FRAME = 64 * 1024;
const frame = randomBytes(FRAME);
const REVOCATIONS = 'cmk_revocations_total';

async function revoke(fixture: SidecarFixture): Promise<void> {
  const before = await fixture.metric(REVOCATIONS);
  fixture.broker.revoke();
  await eventually(async () => (await fixture.metric(REVOCATIONS)) > before);
}

withSidecar('a revoked key is dropped from the cache at once', {}, async (t, fixture) => {
  const { data } = await fixture.seal([frame]);
  t.is((await fixture.open([data])).code, null);
  await revoke(fixture);
  t.is(await fixture.metric('cmk_key_cache_entries'), 0);
  t.is((await fixture.open([data])).code, 'KEY_DISABLED');
  t.is((await fixture.seal([frame])).code, 'KEY_DISABLED');
  fixture.broker.restore();
  t.is((await fixture.open([data])).code, null);
});

withSidecar('another key’s revocation drops nothing', {}, async (t, fixture) => {
  await fixture.seal([frame]);
  fixture.broker.announce('kek-2');
  await eventually(async () => (await fixture.metric(REVOCATIONS)) === 1);
  await fixture.seal([frame]);
  t.is(fixture.broker.count('IssueDataKey'), 1);
});

for (const method of ['encrypt', 'decrypt'] as const) {
  withSidecar(
    `${method}: a running stream whose key is revoked stops with the cause`,
    {},
    async (t, fixture) => {
      const { data } = await fixture.seal([frame, frame, frame]);
      const [first, second] =
        method === 'encrypt'
          ? [frame, frame]
          : [data.subarray(0, data.length >> 1), data.subarray(data.length >> 1)];
      const dialogue = new Dialogue(fixture, method);
      await dialogue.exchange(first, FRAME);
      await revoke(fixture);
      const before = dialogue.receivedBytes;
      dialogue.send(second);
      const outcome = await dialogue.end();
      t.is(outcome.code, 'KEY_DISABLED');
      t.is(outcome.data.length, before);
    },
  );
}

withSidecar(
  'a running stream goes on if the key is given back before its next use',
  {},
  async (t, fixture) => {
    const dialogue = new Dialogue(fixture, 'encrypt');
    await dialogue.exchange(frame, FRAME);
    await revoke(fixture);
    fixture.broker.restore();
    await dialogue.exchange(frame, FRAME);
    t.is(fixture.broker.count('ResolveDataKey'), 1);
    t.is((await dialogue.end()).code, null);
  },
);

withSidecar(
  'a grant from before the revocation is not used, whoever still gives it',
  {},
  async (t, fixture) => {
    await revoke(fixture);
    fixture.broker.restore();
    fixture.broker.grantPosition = 7;
    const outcome = await fixture.seal([frame]);
    t.is(outcome.code, 'KEY_DISABLED');
    t.is(outcome.started, null);
    t.is(fixture.broker.count('IssueDataKey'), 2);
    // The broker is told what it may have missed.
    t.deepEqual(fixture.broker.knownPositions, [8, 8]);
    fixture.broker.grantPosition = null;
    t.is((await fixture.seal([frame])).code, null);
  },
);

withSidecar('a key that is revoked while its answer is under way is not used', {}, async (t, fixture) => {
  const release = fixture.broker.hold();
  fixture.broker.grantPosition = 7;
  const sealing = fixture.seal([frame]);
  await eventually(() => fixture.broker.count('IssueDataKey') === 1);
  fixture.broker.announce(fixture.broker.keyId);
  await eventually(async () => (await fixture.metric(REVOCATIONS)) === 1);
  release();
  t.is((await sealing).code, 'KEY_DISABLED');
});

withSidecar('a watch that was interrupted misses nothing', {}, async (t, fixture) => {
  const { data } = await fixture.seal([frame]);
  await fixture.open([data]);
  fixture.broker.stop();
  await eventually(() => !fixture.sidecar.hearsRevocations());
  t.is(await fixture.metric('cmk_revocation_watch_up'), 0);
  fixture.broker.revoke();
  await fixture.broker.listen();
  await eventually(() => {
    fixture.clock.advance(1_000);
    return fixture.sidecar.hearsRevocations();
  });
  await eventually(async () => (await fixture.metric(REVOCATIONS)) === 1);
  t.is((await fixture.open([data])).code, 'KEY_DISABLED');
  t.is(fixture.broker.watchedFrom.at(-1), 7);
  t.is(await fixture.metric('cmk_revocation_watch_up'), 1);
});

withSidecar(
  'an interruption loses nothing before the first revocation of all either',
  {},
  async (t, fixture) => {
    const { data } = await fixture.seal([frame]);
    fixture.broker.beat(0);
    await eventually(async () => (await fixture.metric('cmk_key_cache_entries')) === 0);
    await fixture.open([data]);
    fixture.broker.stop();
    await eventually(() => !fixture.sidecar.hearsRevocations());
    fixture.broker.revoke();
    await fixture.broker.listen();
    await eventually(() => {
      fixture.clock.advance(1_000);
      return fixture.sidecar.hearsRevocations();
    });
    t.is((await fixture.open([data])).code, 'KEY_DISABLED');
  },
);

withSidecar('a broker that says nothing for 15 s is left', {}, async (t, fixture) => {
  t.is(fixture.broker.watchedFrom.length, 1);
  fixture.clock.advance(14_999);
  t.true(fixture.sidecar.hearsRevocations());
  fixture.clock.advance(1);
  t.false(fixture.sidecar.hearsRevocations());
  fixture.clock.advance(200);
  await eventually(() => fixture.sidecar.hearsRevocations());
  t.is(fixture.broker.watchedFrom.length, 2);
});

withSidecar('a heartbeat puts the silence off', {}, async (t, fixture) => {
  fixture.clock.advance(14_000);
  fixture.broker.beat(8);
  fixture.broker.announce('kek-2');
  await eventually(async () => (await fixture.metric(REVOCATIONS)) === 1);
  fixture.clock.advance(14_000);
  t.true(fixture.sidecar.hearsRevocations());
});

withSidecar(
  'when the position goes back every key is dropped: revocations may have been missed',
  {},
  async (t, fixture) => {
    const { data } = await fixture.seal([frame]);
    await fixture.open([data]);
    const dialogue = new Dialogue(fixture, 'encrypt');
    await dialogue.exchange(frame, FRAME);
    fixture.broker.beat(3);
    await eventually(async () => (await fixture.metric('cmk_key_cache_entries')) === 0);
    const asked = fixture.broker.calls.length;
    await dialogue.exchange(frame, FRAME);
    t.is(fixture.broker.calls.length, asked + 1);
    t.is((await dialogue.end()).code, null);
  },
);
