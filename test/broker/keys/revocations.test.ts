import test from 'ava';
import {
  ASSET,
  keyWorld,
  LEASE_MS,
  PATIENT,
  PROBE_INTERVAL_MS,
  RECORDER,
  type KeyWorld,
} from '../../support/key-world.ts';
import { eventually } from '../../support/eventually.ts';
import { resolveRequest } from '../../support/resolve-request.ts';

const references = (world: KeyWorld) => [world.reference, world.replica];
const disable = (world: KeyWorld) =>
  references(world).forEach((each) => (world.kms.key(each).state = 'DISABLED'));
const enable = (world: KeyWorld) =>
  references(world).forEach((each) => (world.kms.key(each).state = 'ENABLED'));
const events = (world: KeyWorld) => world.store.keyEventsAfter(0, 100);

test('a call that finds the key disabled takes every data key of it away at once', async (t) => {
  const world = await keyWorld(t);
  const granted = await world.issue();
  disable(world);
  await t.throwsAsync(world.issue({ id: 'meeting-2' }), { code: 'KEY_DISABLED' });
  t.is(world.leasedKeys.size, 0);
  await eventually(async () => (await events(world)).length === 1);
  const [event] = await events(world);
  t.like(event, { kekId: world.kek.id, reason: 'KEY_DISABLED' });
  t.true((event?.position ?? 0) > granted.position);
  const audit = (await world.audit()).find(({ action }) => action === 'REVOKE');
  t.like(audit, { actor: 'broker', account: 'acme', kekId: world.kek.id });
  await t.throwsAsync(world.issue(), { code: 'KEY_DISABLED' });
});

test('everybody is told once, not once for each call that fails, and again after it worked in between', async (t) => {
  const world = await keyWorld(t);
  await world.issue();
  for (let round = 1; round <= 3; round++) {
    disable(world);
    const calls = Array.from({ length: 50 }, (_, index) => world.issue({ id: `${round}-${index}` }));
    for (const { status } of await Promise.allSettled(calls)) t.is(status, 'rejected');
    await eventually(async () => (await events(world)).length === round);
    await t.throwsAsync(world.issue(), { code: 'KEY_DISABLED' });
    t.is((await events(world)).length, round);
    enable(world);
    // After so many failures the KMS is asked once a second.
    world.clock.advance(1_000);
    await world.issue();
  }
});

test('calls that fail after everybody was told do not go through the cache again', async (t) => {
  const world = await keyWorld(t);
  await world.issue();
  disable(world);
  let drops = 0;
  world.revocations.onRevoked(() => drops++);
  await t.throwsAsync(world.issue({ id: 'first' }), { code: 'KEY_DISABLED' });
  await eventually(() => world.observer.revocations.length === 1);
  const dropsOfOneRevocation = drops;
  const calls = Array.from({ length: 100 }, (_, index) => world.issue({ id: `meeting-${index}` }));
  await Promise.allSettled(calls);
  t.is(drops, dropsOfOneRevocation);
});

test('a key that is given back and taken away again while everybody is being told is told of again', async (t) => {
  let publishing: Promise<void> = Promise.resolve();
  const world = await keyWorld(t, {
    around: (store) =>
      new Proxy(store, {
        get(target, name) {
          const value: unknown = Reflect.get(target, name, target);
          if (typeof value !== 'function') return value;
          const method = value.bind(target) as (...facts: unknown[]) => Promise<unknown>;
          return name === 'appendKeyEvent'
            ? async (...facts: unknown[]) => (await publishing, method(...facts))
            : method;
        },
      }),
  });
  await world.issue();
  disable(world);
  let publish: () => void = () => undefined;
  publishing = new Promise((resolve) => (publish = resolve));
  await t.throwsAsync(world.issue({ id: 'meeting-2' }), { code: 'KEY_DISABLED' });
  enable(world);
  await world.issue();
  publish();
  await eventually(async () => (await events(world)).length === 1);
  await eventually(() => world.observer.revocations.length === 1);
  disable(world);
  await t.throwsAsync(world.issue({ id: 'meeting-3' }), { code: 'KEY_DISABLED' });
  await eventually(async () => (await events(world)).length === 2);
  t.is(world.leasedKeys.size, 0);
});

test('a KMS that refuses and allows in turns floods nobody, and each refusal closes what was lent before', async (t) => {
  const world = await keyWorld(t);
  const { clock, observer } = world;
  const lent: number[] = [];
  let served = 0;
  const STEP_MS = 50;
  const FLIPS = 60;
  for (let flip = 0; flip < FLIPS; flip++) {
    const grant = await world.issue({ id: `${flip}` }).catch(() => null);
    if (grant) lent.push(grant.position);
    served += grant ? 1 : 0;
    disable(world);
    await t.throwsAsync(world.issue({ id: `refused-${flip}` }), { code: 'KEY_DISABLED' });
    t.is(world.leasedKeys.size, 0);
    enable(world);
    clock.advance(STEP_MS);
  }
  await eventually(async () => (await events(world)).length >= observer.revocations.length);
  const told = await events(world);
  // At first the key is open; then it may come back ten times, and each five seconds once more.
  const allowed = 1 + 10 + (FLIPS * STEP_MS) / 5_000;
  t.true(told.length <= allowed, `${told.length} events`);
  t.true(served >= 10, `${served} served`);
  const last = told.at(-1)?.position ?? 0;
  t.true(
    lent.every((position) => position < last),
    'whatever was lent is overruled',
  );
  t.true(observer.guarded.includes('CLOSED'));
  // Nor is the canary believed, until it is time.
  await world.probe.runOnce();
  const asked = world.kms.uses().length;
  await t.throwsAsync(world.issue({ id: 'closed' }), { message: /comes and goes too often/ });
  t.is(world.kms.uses().length, asked, 'the KMS is left alone meanwhile');

  clock.advance(5_000);
  const { position } = await world.issue({ id: 'back' });
  disable(world);
  await t.throwsAsync(world.issue({ id: 'again' }), { code: 'KEY_DISABLED' });
  await eventually(async () => (await events(world)).some((event) => event.position > position));
});

test('nor does one that refuses for another reason each time', async (t) => {
  const world = await keyWorld(t);
  await world.issue();
  const TURNS = 40;
  for (let turn = 0; turn < TURNS; turn++) {
    const state = turn % 2 === 0 ? 'DISABLED' : 'PENDING_DELETION';
    for (const each of references(world)) world.kms.key(each).state = state;
    await world.probe.runOnce();
    // What is remembered of the reason before is forgotten by then.
    world.clock.advance(1_000);
  }
  await eventually(async () => (await events(world)).length >= 11);
  t.true((await events(world)).length <= 1 + 10 + TURNS / 5);
});

test('the canary of a key with live leases finds that it was disabled, without any call', async (t) => {
  const world = await keyWorld(t);
  await world.issue();
  disable(world);
  world.clock.advance(PROBE_INTERVAL_MS);
  await eventually(async () => (await events(world)).length === 1);
  t.is(world.leasedKeys.size, 0);
  await eventually(() => world.observer.revocations.length > 0);
  t.deepEqual(world.observer.revocations, ['KEY_DISABLED']);
});

test('only keys with live leases are asked', async (t) => {
  const world = await keyWorld(t);
  await world.probe.runOnce();
  t.is(world.kms.calls.length, 0);
  await world.issue();
  await world.probe.runOnce();
  t.is(world.kms.count('unwrap'), 1);
  t.is(world.kms.calls.at(-1)?.context['type'], 'Canary');
  world.clock.advance(LEASE_MS);
  await world.probe.stop();
  const before = world.kms.count('unwrap');
  await world.probe.runOnce();
  t.is(world.kms.count('unwrap'), before);
});

test('a key that does not answer does not keep the others from being asked', async (t) => {
  const world = await keyWorld(t);
  const { administration, enrolKey, kms, clock } = world;
  await administration.setEnrolment('operator', 'globex', ASSET.srvId, ASSET.type, true);
  const other = kms.createKey('globex');
  await enrolKey.run('operator', 'globex', { provider: 'aws', references: [other] });
  await world.issue();
  await world.issue({ account: 'globex' });
  let hanging = 0;
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  t.teardown(() => release());
  kms.onCall = ({ reference }) => {
    if (reference === other) return;
    hanging++;
    return released;
  };
  clock.advance(PROBE_INTERVAL_MS);
  await eventually(() => hanging === 1);
  kms.key(other).state = 'DISABLED';
  clock.advance(PROBE_INTERVAL_MS);
  await eventually(async () => (await events(world)).length === 1);
  // Nor is it asked again and again.
  t.is(hanging, 1);
});

test('an outage takes nothing away: the leases run out by themselves', async (t) => {
  const world = await keyWorld(t);
  await world.issue();
  for (const each of references(world)) world.kms.key(each).failure = 'UNREACHABLE';
  await world.probe.runOnce();
  t.is(world.leasedKeys.size, 1);
  t.is((await events(world)).length, 0);
});

test('a denied encryption context costs its own data key alone', async (t) => {
  const world = await keyWorld(t);
  await world.issue();
  for (const each of references(world)) world.kms.key(each).denied = ({ id }) => id === 'meeting-2';
  await t.throwsAsync(world.issue({ id: 'meeting-2' }), { code: 'KEY_PERMISSION_REVOKED' });
  await eventually(() => world.kms.calls.some(({ context }) => context['type'] === 'Canary'));
  await world.probe.runOnce();
  t.is((await events(world)).length, 0);
  t.is((await world.issue()).protection, 'CUSTOMER_KEY');
});

test('a permission that is gone for the canary too is gone for the key', async (t) => {
  const world = await keyWorld(t);
  await world.issue();
  for (const each of references(world)) world.kms.key(each).denied = () => true;
  await t.throwsAsync(world.issue({ id: 'meeting-2' }), { code: 'KEY_PERMISSION_REVOKED' });
  await eventually(async () => (await events(world)).length === 1);
  t.is((await events(world))[0]?.reason, 'KEY_PERMISSION_REVOKED');
  t.is(world.leasedKeys.size, 0);
});

test('a thousand refused contexts do not ask the canary a thousand times', async (t) => {
  const world = await keyWorld(t);
  for (const each of references(world)) world.kms.key(each).denied = ({ type }) => type !== 'Canary';
  await Promise.allSettled(Array.from({ length: 1000 }, (_, index) => world.issue({ id: `m-${index}` })));
  t.is(world.kms.calls.filter(({ context }) => context['type'] === 'Canary').length, 1);
});

test('other brokers hear of it within their poll', async (t) => {
  const world = await keyWorld(t);
  const other = await world.another();
  const request = { asset: ASSET, owner: 'user-1', reason: 'STORAGE' } as const;
  await other.issueDataKey.run(RECORDER, request, PATIENT);
  t.is(other.leasedKeys.size, 1);
  await world.administration.revokeNow('operator', world.kek.id);
  world.clock.advance(250);
  await eventually(() => other.leasedKeys.size === 0);
  t.is(other.revocations.position, 1);
});

test('an operator’s revocation drops the data keys, and the KMS decides about the next use', async (t) => {
  const world = await keyWorld(t);
  const before = await world.issue();
  t.is(await world.administration.revokeNow('operator', world.kek.id), 1);
  t.is(world.leasedKeys.size, 0);
  const after = await world.issue();
  t.is(world.kms.count('unwrap'), 1);
  t.deepEqual([before.position, after.position], [0, 1]);
  t.like(
    (await world.audit()).find(({ action }) => action === 'REVOKE'),
    { actor: 'operator', account: 'acme', detail: 'revoke now' },
  );
});

test('what the KMS allowed before a revocation is not used after it', async (t) => {
  const world = await keyWorld(t);
  await world.issue();
  world.leasedKeys.clear();
  const request = await resolveRequest(world.store, ASSET);
  const release = world.kms.hold();
  const resolving = world.resolveDataKey.run(RECORDER, request, PATIENT);
  await eventually(() => world.kms.count('unwrap') === 1);
  await world.administration.revokeNow('operator', world.kek.id);
  release();
  const grant = await resolving;
  // The answer under way was thrown away: the one that was handed out knows of the revocation.
  t.is(world.kms.count('unwrap'), 2);
  t.is(grant.position, 1);
});

test('what the KMS made before a revocation is stored but has to be allowed again', async (t) => {
  const world = await keyWorld(t);
  const release = world.kms.hold();
  const issuing = world.issue();
  await eventually(() => world.kms.count('generate') === 1);
  await world.administration.revokeNow('operator', world.kek.id);
  release();
  t.is((await issuing).position, 1);
  t.deepEqual([world.kms.count('generate'), world.kms.count('unwrap')], [1, 1]);
});

test('a revocation that could not be published is published by the next that finds out', async (t) => {
  let broken = true;
  const world = await keyWorld(t, {
    around: (store) =>
      new Proxy(store, {
        get(target, name) {
          if (name === 'appendKeyEvent' && broken) return () => Promise.reject(new Error('broken'));
          const value: unknown = Reflect.get(target, name, target);
          return typeof value === 'function' ? (value.bind(target) as unknown) : value;
        },
      }),
  });
  await world.issue();
  disable(world);
  await t.throwsAsync(world.issue({ id: 'meeting-2' }), { code: 'KEY_DISABLED' });
  await eventually(() => world.observer.background.length === 1);
  t.is(world.leasedKeys.size, 0);
  broken = false;
  await world.probe.runOnce();
  t.is((await events(world)).length, 1);
});

test('a watcher reads from any position, in order', async (t) => {
  const world = await keyWorld(t);
  for (let count = 0; count < 20; count++) await world.administration.revokeNow('operator', world.kek.id);
  for (const from of [0, 1, 19, 20, 99]) {
    const positions = (await world.revocations.after(from)).map(({ position }) => position);
    t.deepEqual(
      positions,
      [...Array(20).keys()].map((index) => index + 1).filter((each) => each > from),
    );
  }
  // A broker that started later has them from the database.
  const other = await world.another();
  t.is((await other.revocations.after(5)).length, 15);
});

test('however many ask for the newest revocations, the database is asked by one at a time and once more', async (t) => {
  let asked = 0;
  const world = await keyWorld(t, {
    around: (store) =>
      new Proxy(store, {
        get(target, name) {
          if (name === 'keyEventsAfter') asked++;
          const value: unknown = Reflect.get(target, name, target);
          return typeof value === 'function' ? (value.bind(target) as unknown) : value;
        },
      }),
  });
  asked = 0;
  const polls = Array.from({ length: 1000 }, () => world.revocations.poll());
  await world.administration.revokeNow('operator', world.kek.id);
  t.is(world.revocations.position, 1);
  await Promise.all(polls);
  t.true(asked <= 3, `asked ${asked} times`);
});
