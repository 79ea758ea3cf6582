import type { ClientReadableStream, ServiceError } from '@grpc/grpc-js';
import test from 'ava';
import type { KeyBrokerClient } from '../../../proto/types/cmk/v1/KeyBroker.ts';
import type { Revocation__Output } from '../../../proto/types/cmk/v1/Revocation.ts';
import { brokerWorld, grantOf, issue, resolve, resolveRequestOf } from '../../support/broker-world.ts';
import { DrivenClock } from '../../support/driven-clock.ts';
import { eventually } from '../../support/eventually.ts';
import { ASSET } from '../../support/key-world.ts';

interface Watch {
  readonly stream: ClientReadableStream<Revocation__Output>;
  readonly received: Revocation__Output[];
  error: ServiceError | null;
}

function watch(client: KeyBrokerClient, position = 0): Watch {
  const stream = client.watchRevocations({ position });
  const watch: Watch = { stream, received: [], error: null };
  stream.on('data', (revocation: Revocation__Output) => watch.received.push(revocation));
  stream.on('error', (error: ServiceError) => (watch.error = error));
  return watch;
}

const positions = ({ received }: Watch) =>
  received.filter(({ keyId }) => keyId !== '').map(({ position }) => position);

test('a heartbeat at once, then revocations as they happen', async (t) => {
  const world = await brokerWorld(t);
  const watched = watch(world.recorder);
  await eventually(() => watched.received.length === 1);
  t.deepEqual(watched.received[0], { position: 0, keyId: '', reason: '' });
  const grant = grantOf(await issue(world.recorder));
  const startMs = performance.now();
  const { body } = await world.admin('POST', `/v1/keys/${world.kekId}/revoke`);
  t.deepEqual(body, { position: 1 });
  await eventually(() => watched.received.length === 2);
  t.true(performance.now() - startMs < 4_000, 'before the next heartbeat');
  t.deepEqual(watched.received[1], { position: 1, keyId: grant.keyId, reason: 'KEY_PERMISSION_REVOKED' });
  t.true(grant.position < 1);
});

test('a customer’s decision reaches watchers through the probe', async (t) => {
  const world = await brokerWorld(t, { CMK_PROBE_INTERVAL: '100ms' });
  const watched = watch(world.recorder);
  await issue(world.recorder);
  world.kms.key(world.reference).state = 'DISABLED';
  await eventually(() => positions(watched).length === 1);
  t.like(watched.received.at(-1), { keyId: world.kekId, reason: 'KEY_DISABLED' });
  await t.throwsAsync(issue(world.recorder), { code: 'KEY_DISABLED' });
  world.kms.key(world.reference).state = 'ENABLED';
  // A key that failed five times answers with its last failure for up to a second more.
  await eventually(async () => {
    const grant = await issue(world.recorder).then(grantOf, () => null);
    return grant?.position === 1;
  });
  t.pass();
});

test('a watcher that resumes misses nothing and sees nothing twice', async (t) => {
  const world = await brokerWorld(t);
  for (let count = 0; count < 30; count++) await world.admin('POST', `/v1/keys/${world.kekId}/revoke`);
  const all = Array.from({ length: 30 }, (_, index) => index + 1);
  for (const from of [1, 10, 29]) {
    const watched = watch(world.recorder, from);
    await eventually(() => positions(watched).at(-1) === 30);
    t.deepEqual(positions(watched), all.slice(from));
    t.is(watched.received[0]?.position, from);
    watched.stream.cancel();
  }
  const fresh = watch(world.recorder);
  await eventually(() => fresh.received.length === 1);
  t.is(fresh.received[0]?.position, 30);
  const ahead = watch(world.recorder, 1000);
  await eventually(() => ahead.received.length === 1);
  t.is(ahead.received[0]?.position, 30);
});

test('another broker’s revocations arrive too', async (t) => {
  const world = await brokerWorld(t);
  const watched = watch(world.recorder);
  await eventually(() => watched.received.length === 1);
  const event = { kekId: world.kekId, reason: 'KEY_DISABLED', at: Date.now() };
  const [audit] = await world.store.listAudit(null, 1);
  if (!audit) return t.fail();
  await world.store.appendKeyEvent(event, { ...audit, id: '0197c2a0-0000-7000-8000-000000000000' });
  await eventually(() => positions(watched).length === 1);
  t.like(watched.received.at(-1), { position: 1, keyId: world.kekId });
});

test('a database that lost its newest commits: nothing lent before is lent again, and what comes after is told', async (t) => {
  const clock = new DrivenClock(Date.now());
  const world = await brokerWorld(t, {}, clock);
  const revoke = () => world.admin('POST', `/v1/keys/${world.kekId}/revoke`);
  for (let count = 0; count < 3; count++) await revoke();
  const watched = watch(world.recorder);
  await eventually(() => watched.received.at(-1)?.position === 3);
  await issue(world.recorder);
  t.is(await world.metric('cmk_key_cache_entries'), 1);

  // Restored, or failed over to a replica that lagged: positions 2 and 3 are free again.
  const { store } = world;
  const [newest, after] = [store.newestKeyPosition.bind(store), store.keyEventsAfter.bind(store)];
  const lost = 2;
  const restored: Pick<typeof store, 'newestKeyPosition' | 'keyEventsAfter'> = {
    newestKeyPosition: async () => (await newest()) - lost,
    keyEventsAfter: async (position, limit) =>
      (await after(position + lost, limit)).map((event) => ({ ...event, position: event.position - lost })),
  };
  Object.assign(store, restored);
  await eventually(() => {
    clock.advance(1_000);
    return watched.received.at(-1)?.position === 1;
  });
  t.is(await world.metric('cmk_key_cache_entries'), 0);
  await revoke();
  await eventually(() => {
    clock.advance(250);
    return positions(watched).at(-1) === 2;
  });
  t.is(watched.error, null);
});

test('a position that cannot be', async (t) => {
  const world = await brokerWorld(t);
  const watched = watch(world.recorder, 2 ** 60);
  await eventually(() => watched.error !== null);
  t.is(watched.error?.code, 3);
});

test('a broker that stops ends its watchers, for them to resume elsewhere', async (t) => {
  const world = await brokerWorld(t);
  const watchers = Array.from({ length: 50 }, () => watch(world.recorder));
  await eventually(() => watchers.every(({ received }) => received.length === 1));
  t.is(await world.metric('cmk_revocation_watchers'), 50);
  const startMs = performance.now();
  await world.broker.close(30_000);
  t.true(performance.now() - startMs < 15_000);
  await eventually(() => watchers.every(({ error }) => error !== null));
  for (const { error } of watchers) t.is(error?.code, 14);
});

test('a watcher that goes away is forgotten', async (t) => {
  const world = await brokerWorld(t);
  const watched = watch(world.recorder);
  await eventually(() => watched.received.length === 1);
  watched.stream.cancel();
  await eventually(async () => (await world.metric('cmk_revocation_watchers')) === 0);
  await issue(world.recorder, { asset: ASSET });
  t.pass();
});

test('a broker catches up with what its caller knows before it grants', async (t) => {
  // Its own polls never come: what it knows, it knows by the request.
  const world = await brokerWorld(t, {}, new DrivenClock(Date.now()));
  const issued = await issue(world.recorder);
  const [audit] = await world.store.listAudit(null, 1);
  if (!audit) return t.fail('no audit event');
  const event = { kekId: world.kekId, reason: 'KEY_DISABLED', at: 1 };
  // Another broker's doing.
  const { position } = await world.store.appendKeyEvent(event, {
    ...audit,
    id: '0197c2a0-0000-7000-8000-000000000001',
  });

  const lagging = grantOf(await resolve(world.recorder, resolveRequestOf(issued)));
  t.true(lagging.position < position);
  t.is(world.kms.count('unwrap'), 0);
  const request = { ...resolveRequestOf(issued), knownPosition: position };
  t.is(grantOf(await resolve(world.recorder, request)).position, position);
  t.is(world.kms.count('unwrap'), 1, 'what was granted before the revocation is not granted again');
  t.is(grantOf(await issue(world.recorder, { knownPosition: position })).position, position);
});
