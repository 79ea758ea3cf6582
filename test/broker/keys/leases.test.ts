import test from 'ava';
import { ASSET, keyWorld, LEASE_MS, PATIENT, RECORDER, type KeyWorld } from '../../support/key-world.ts';
import { resolveRequest } from '../../support/resolve-request.ts';

/** Invariant 3: no data key is usable more than 300 s after the KMS last allowed it. */

async function resolver(world: KeyWorld) {
  await world.issue();
  const request = await resolveRequest(world.store, ASSET);
  return () => world.resolveDataKey.run(RECORDER, request, PATIENT);
}

test('a lease does not slide, however often it is used', async (t) => {
  const world = await keyWorld(t);
  const resolve = await resolver(world);
  for (let passedMs = 1000; passedMs < LEASE_MS; passedMs += 1000) {
    world.clock.advance(1000);
    t.is((await resolve()).leaseMs, LEASE_MS - passedMs);
  }
  t.is(world.unwraps(), 0);
  world.clock.advance(1000);
  t.is((await resolve()).leaseMs, LEASE_MS);
  t.is(world.unwraps(), 1);
});

test('a lease counts from before the KMS call, however long that took', async (t) => {
  const world = await keyWorld(t);
  world.kms.onCall = () => world.clock.advance(4_000);
  t.is((await world.issue()).leaseMs, LEASE_MS - 4_000);
  world.leasedKeys.clear();
  t.is((await world.issue()).leaseMs, LEASE_MS - 4_000);
});

test('with a replica it counts from before the replica’s call', async (t) => {
  const world = await keyWorld(t);
  world.kms.key(world.reference).failure = 'UNREACHABLE';
  world.kms.onCall = () => world.clock.advance(4_000);
  const grant = await world.issue();
  t.is(grant.leaseMs, LEASE_MS - 4_000);
  t.is(grant.keyInUse, world.replica);
});

test('nothing opens more than a lease after the customer took the key away, whatever else fails', async (t) => {
  const world = await keyWorld(t);
  const resolve = await resolver(world);
  for (const reference of [world.reference, world.replica]) world.kms.key(reference).failure = 'UNREACHABLE';
  let lastMs = 0;
  for (let passedMs = 0; passedMs < 2 * LEASE_MS; passedMs += 5_000) {
    if (
      await resolve().then(
        (grant) => passedMs + grant.leaseMs <= LEASE_MS,
        () => false,
      )
    )
      lastMs = passedMs;
    world.clock.advance(5_000);
  }
  t.is(lastMs, LEASE_MS - 5_000);
});

for (const hours of [-1, 1]) {
  test(`turning the wall clock by ${hours} h changes nothing`, async (t) => {
    const world = await keyWorld(t);
    const resolve = await resolver(world);
    world.clock.turnWallClock(hours * 3_600_000);
    world.clock.advance(LEASE_MS - 1_000);
    t.is((await resolve()).leaseMs, 1_000);
    t.is(world.unwraps(), 0);
    world.clock.advance(1_000);
    await resolve();
    t.is(world.unwraps(), 1);
  });
}

test('a lease that is all but over is not handed out: the KMS is asked again', async (t) => {
  const world = await keyWorld(t);
  const resolve = await resolver(world);
  world.clock.advance(LEASE_MS - 5);
  t.is((await resolve()).leaseMs, LEASE_MS);
  t.is(world.unwraps(), 1);
});

const WHILE_WRITING: Record<string, (world: KeyWorld) => void> = {
  'its lease ends': (world) => world.clock.advance(LEASE_MS),
  'its key is revoked': (world) => world.revocations.dropHere(world.kek.id),
};

for (const [name, happen] of Object.entries(WHILE_WRITING)) {
  test(`a data key is not handed out when ${name} while the audit event is being written`, async (t) => {
    let writing: (() => void) | null = null;
    const world = await keyWorld(t, {
      around: (store) =>
        new Proxy(store, {
          get(target, name) {
            if (name === 'appendAudit') writing?.();
            const value: unknown = Reflect.get(target, name, target);
            return typeof value === 'function' ? (value.bind(target) as unknown) : value;
          },
        }),
    });
    const resolve = await resolver(world);
    writing = () => happen(world);
    await t.throwsAsync(resolve(), { code: 'KMS_UNREACHABLE' });
    writing = null;
    await t.notThrowsAsync(resolve());
  });
}

const TYPE = { srvId: ASSET.srvId, type: ASSET.type };
const SHORT_MS = 60_000;

test('an account’s shorter lease for a type bounds what is lent and the broker’s own cache', async (t) => {
  const world = await keyWorld(t);
  await world.leaseSettings.set('operator', 'acme', { ...TYPE, seconds: 60 });
  const resolve = await resolver(world);
  for (let passedMs = 10_000; passedMs < SHORT_MS; passedMs += 10_000) {
    world.clock.advance(10_000);
    t.is((await resolve()).leaseMs, SHORT_MS - passedMs, 'it does not slide');
  }
  t.is(world.unwraps(), 0);
  world.clock.advance(10_000);
  t.is((await resolve()).leaseMs, SHORT_MS);
  t.is(world.unwraps(), 1, 'the KMS was asked again');

  const transcript = { type: 'MeetingWebinarTranscript' };
  t.is((await world.issue(transcript)).leaseMs, LEASE_MS, 'another type keeps its own');
});

test('a lease is changed with the next KMS call, and is never longer than the configuration has it', async (t) => {
  const world = await keyWorld(t);
  const resolve = await resolver(world);
  world.clock.advance(1_000);
  await world.leaseSettings.set('operator', 'acme', { ...TYPE, seconds: 60 });
  t.is((await resolve()).leaseMs, LEASE_MS - 1_000, 'what is lent ends when it was to end');
  world.clock.advance(LEASE_MS - 1_000);
  t.is((await resolve()).leaseMs, SHORT_MS);
  await world.store.leases.set('acme', { ...TYPE, seconds: 9_000 }, () =>
    world.ledger.event({ action: 'ADMINISTER', outcome: 'ALLOWED', actor: 'nobody', account: 'acme' }),
  );
  world.clock.advance(SHORT_MS);
  t.is((await resolve()).leaseMs, LEASE_MS);
});
