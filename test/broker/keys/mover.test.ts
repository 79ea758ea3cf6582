import test from 'ava';
import { PLATFORM } from '../../../broker/keys/moves.ts';
import { DataKey } from '../../../core/data-key.ts';
import { eventually } from '../../support/eventually.ts';
import { ASSET, PATIENT, RECORDER } from '../../support/key-world.ts';
import {
  idOf,
  moveWorld,
  plaintextOf,
  rotate,
  turn,
  after,
  found,
  record,
  records,
  countUnder,
} from '../../support/move-world.ts';
import { resolveRequest } from '../../support/resolve-request.ts';

const SETTLE_MS = 30_000;

test('every data key comes under the new key, and is the same data key', async (t) => {
  const world = await moveWorld(t, 25);
  const before = await records(world);
  const move = await rotate(world);
  t.like(move, { state: 'RUNNING', total: 25, left: 25 });
  await turn(world);
  t.is(await countUnder(world, world.second), 25);
  for (const [index, now] of (await records(world)).entries()) {
    t.like(now, { id: before[index]?.id ?? '', generation: 1, protection: 'CUSTOMER_KEY', owner: 'user-1' });
  }
  t.is(world.kms.count('wrap'), 25);
  t.is(world.kms.count('unwrap'), 50, 'each new form is opened before it is stored');
  // Nothing depends on the old key any more.
  for (const reference of [world.reference, world.replica]) world.kms.key(reference).state = 'DISABLED';
  world.leasedKeys.clear();
  for (const [id, plaintext] of world.plaintexts) {
    const request = await resolveRequest(world.store, { ...ASSET, id });
    const grant = await world.resolveDataKey.run(RECORDER, request, PATIENT);
    t.is(plaintextOf(grant.dataKey), plaintext, id);
    t.is(grant.kekId, world.second.id);
  }
  t.is(world.observer.moved.get('MOVED'), 25);
});

test('the ledger shows the start, each batch with what moved, and the end', async (t) => {
  const world = await moveWorld(t, 3);
  const move = await rotate(world);
  await turn(world);
  await after(world, SETTLE_MS);
  await eventually(async () => (await found(world, move)).state === 'DONE');
  const events = (await world.audit()).filter(({ action }) => action === 'MOVE').toReversed();
  t.deepEqual(
    events.map(({ actor, detail }) => `${actor}: ${detail}`),
    [
      `operator: ROTATE ${move.id}: start, 3 data keys from ${world.kek.id} to ${world.second.id}`,
      `broker: ROTATE ${move.id}: moved 3 data keys from ${world.kek.id} to ${world.second.id}`,
      `broker: ROTATE ${move.id}: ended: nothing is left to be moved to ${world.second.id}`,
    ],
  );
  const [alert] = await world.store.alerts.list('acme', 10);
  t.deepEqual(alert?.facts, {
    kind: 'MOVE_ENDED',
    from: world.reference,
    to: world.secondReference,
    outcome: 'DONE',
    moved: 3,
    left: 0,
  });
  for (const event of events) t.like(event, { account: 'acme', kekId: world.second.id, outcome: 'ALLOWED' });
});

test('it does not end before data keys that another broker was making have settled', async (t) => {
  const world = await moveWorld(t, 2);
  const move = await rotate(world);
  await turn(world);
  t.like(await found(world, move), {
    state: 'RUNNING',
    left: 0,
    moved: 2,
    dueAt: move.startedAt + SETTLE_MS,
  });
  // Decided before the second key was there, stored only now.
  const { dataKey, wrapped } = await world.kms.generate(
    world.reference,
    (await record(world, idOf(0))).context,
    { timeoutMs: 1_000 },
  );
  dataKey[Symbol.dispose]();
  const twin = await record(world, idOf(0));
  const late = { ...twin, generation: 2, id: world.kek.id, kekId: world.kek.id, wrapped };
  await world.store.insertDataKey(late, { ...(await world.audit())[0], id: 'late' } as never);
  await after(world, SETTLE_MS);
  await eventually(async () => (await found(world, move)).state === 'DONE');
  t.is((await record(world, idOf(0))).kekId, world.second.id);
  t.is((await found(world, move)).moved, 3);
});

for (const [what, cause, code] of [
  ['an outage of the new key', 'UNREACHABLE', 'KMS_UNREACHABLE'],
  ['a new key that the customer disabled', 'KEY_DISABLED', 'KEY_DISABLED'],
  ['a new key that refuses every context', 'PERMISSION_REVOKED', 'KEY_PERMISSION_REVOKED'],
] as const) {
  test(`${what} makes the move wait, longer each time, and go on by itself`, async (t) => {
    const world = await moveWorld(t, 5);
    const move = await rotate(world);
    world.kms.key(world.secondReference).failure = cause;
    const tries = new Set<number>();
    for (let second = 0; second < 60; second++) {
      await turn(world);
      const { dueAt, problem } = await found(world, move);
      if (problem) tries.add(dueAt);
      world.clock.advance(1_000);
    }
    t.true(tries.size >= 4 && tries.size <= 8, `${tries.size} tries in a minute`);
    const waiting = await found(world, move);
    t.like(waiting, { state: 'RUNNING', moved: 0, left: 5, failed: 0 });
    t.is(waiting.problem?.code, code);
    t.true(waiting.problem?.detail.startsWith(`wrapping with ${world.secondReference}: `));
    t.is(await countUnder(world, world.kek), 5);
    world.kms.key(world.secondReference).failure = null;
    await eventually(async () => {
      await after(world, 10_000);
      return (await countUnder(world, world.second)) === 5;
    });
    t.is((await found(world, move)).problem, null);
  });
}

test('a key that cannot be used does not keep what is under the others', async (t) => {
  const world = await moveWorld(t, 2);
  for (const id of ['late-1', 'late-2']) plaintextOf((await world.issue({ id })).dataKey);
  const kekIds = [world.second.id, world.kek.id];
  world.kms.key(world.secondReference).state = 'DISABLED';
  const leave = { account: 'acme', kind: 'LEAVE', selection: { kekIds }, target: PLATFORM } as const;
  const move = await world.moves.start('operator', leave);
  await turn(world);
  t.like(await found(world, move), { state: 'RUNNING', moved: 2, left: 2 });
  t.is((await found(world, move)).problem?.code, 'KEY_DISABLED');
  t.deepEqual(
    (await records(world)).map(({ protection }) => protection),
    ['PLATFORM_KEY', 'PLATFORM_KEY'],
  );
});

test('a data key that is refused for itself is listed, tried again, and holds nobody up', async (t) => {
  const world = await moveWorld(t, 40);
  const denied = [idOf(7), idOf(8)];
  for (const reference of [world.reference, world.replica])
    world.kms.key(reference).denied = (context) => denied.includes(context['id'] ?? '');
  const move = await rotate(world);
  await turn(world);
  t.is(await countUnder(world, world.second), 38);
  const waiting = await found(world, move);
  t.like(waiting, { state: 'RUNNING', moved: 38, left: 2, failed: 2 });
  t.is(waiting.problem?.code, 'KEY_PERMISSION_REVOKED');
  t.deepEqual(
    waiting.failures.map(({ assetId, code }) => `${assetId} ${code}`),
    denied.map((id) => `${id} KEY_PERMISSION_REVOKED`),
  );
  for (const reference of [world.reference, world.replica]) world.kms.key(reference).denied = () => false;
  await after(world, SETTLE_MS);
  await eventually(async () => {
    await turn(world);
    return (await found(world, move)).state === 'DONE';
  });
  t.like(await found(world, move), { moved: 40, left: 0, failed: 0, failures: [] });
});

test('a KMS that answers nonsense costs no data key', async (t) => {
  const world = await moveWorld(t, 10);
  const wrap = world.kms.wrap.bind(world.kms);
  const nonsense = [
    (): Promise<Uint8Array> => Promise.resolve(Uint8Array.from({ length: 60 }, () => 7)),
    (...[reference, , context, call]: Parameters<typeof wrap>) =>
      wrap(reference, DataKey.generate(), context, call),
  ];
  world.kms.wrap = (...args) => {
    const index = [idOf(3), idOf(4)].indexOf(args[2]['id'] ?? '');
    return nonsense[index]?.(...args) ?? wrap(...args);
  };
  const move = await rotate(world);
  await turn(world);
  t.like(await found(world, move), { state: 'RUNNING', moved: 8, left: 2, failed: 2 });
  for (const id of [idOf(3), idOf(4)]) t.is((await record(world, id)).kekId, world.kek.id);
  world.kms.wrap = wrap;
  await after(world, SETTLE_MS);
  await eventually(async () => {
    await turn(world);
    return (await found(world, move)).state === 'DONE';
  });
  world.leasedKeys.clear();
  for (const [id, plaintext] of world.plaintexts)
    t.is(plaintextOf((await world.issue({ id })).dataKey), plaintext);
});

test('a move that is paused while data keys are being wrapped stores none of them', async (t) => {
  const world = await moveWorld(t, 5);
  const move = await rotate(world);
  const release = world.kms.hold();
  await world.mover.poll();
  await eventually(() => world.kms.calls.length === 5);
  await world.moves.pause('operator', 'acme', move.id);
  release();
  await world.mover.settled();
  t.like(await found(world, move), { state: 'PAUSED', moved: 0 });
  t.is(await countUnder(world, world.kek), 5);
  await after(world, 3_600_000);
  t.is(await countUnder(world, world.kek), 5);
  await world.moves.resume('operator', 'acme', move.id);
  await turn(world);
  t.is(await countUnder(world, world.second), 5);
});

test('what a broker was at when it died another one goes on with', async (t) => {
  const world = await moveWorld(t, 5);
  const move = await rotate(world);
  const nowMs = world.clock.wallMs();
  // As a broker that was killed right after this.
  await world.store.moves.claim(nowMs, nowMs + 5_000);
  await turn(world);
  t.is(await countUnder(world, world.kek), 5);
  await after(world, 5_000);
  await eventually(async () => (await countUnder(world, world.second)) === 5);
  t.is((await found(world, move)).moved, 5);
});

test('two brokers that both believe to hold a move lose and double nothing', async (t) => {
  const world = await moveWorld(t, 60);
  const other = await world.another();
  const move = await rotate(world);
  const release = world.kms.hold();
  await world.mover.poll();
  await eventually(() => world.kms.calls.length > 0);
  // Its renewals do not come through any more, and its claim is another's.
  const nowMs = world.clock.wallMs();
  await eventually(async () => (await world.store.moves.claim(nowMs + 10_000, nowMs)) !== null);
  await other.mover.poll();
  release();
  await Promise.all([world.mover.settled(), other.mover.settled()]);
  await eventually(async () => {
    await turn(world);
    return (await countUnder(world, world.second)) === 60;
  });
  t.is((await found(world, move)).moved, 60);
  world.leasedKeys.clear();
  for (const [id, plaintext] of world.plaintexts)
    t.is(plaintextOf((await world.issue({ id })).dataKey), plaintext);
});

test('it is throttled: after a burst of a second’s worth so many data keys a second', async (t) => {
  const world = await moveWorld(t, 60, { moveRate: 10 });
  await rotate(world);
  await world.mover.poll();
  const wraps = () => world.kms.count('wrap');
  await eventually(() => wraps() === 10);
  for (let second = 1; second <= 5; second++) {
    for (let step = 0; step < 10; step++) {
      world.clock.advance(100);
      await eventually(async () => {
        // Whatever may start by now has started; there is never more than the rate allows.
        await new Promise((resolve) => setImmediate(resolve));
        return wraps() >= 10 + (second - 1) * 10 + step;
      });
      t.true(wraps() <= 10 + second * 10);
    }
  }
  t.true(wraps() >= 55, String(wraps()));
});

test('a move says how fast it is and when it ends', async (t) => {
  const world = await moveWorld(t, 30, { moveRate: 10 });
  const move = await rotate(world);
  await world.mover.poll();
  t.deepEqual(world.mover.status(), { running: 1, left: 30 });
  await eventually(async () => {
    world.clock.advance(250);
    return (await found(world, move)).moved === 20;
  });
  const { pace, progressAt, left } = await found(world, move);
  t.is(left, 10);
  t.true((progressAt ?? 0) > (pace?.since ?? Infinity));
  await eventually(async () => {
    world.clock.advance(250);
    return (await found(world, move)).moved === 30;
  });
});

test('the account’s other calls do not wait behind a move', async (t) => {
  const world = await moveWorld(t, 20, { kmsConcurrency: 4 });
  await rotate(world);
  const release = world.kms.hold();
  await world.mover.poll();
  await eventually(() => world.kms.calls.length === 2);
  const issued = world.issue({ id: 'another' });
  await eventually(() => world.kms.count('generate') === 1);
  t.is(world.kms.calls.length, 3, 'half of the places are free');
  release();
  (await issued).dataKey[Symbol.dispose]();
  await world.mover.settled();
  t.is(await countUnder(world, world.second), 20);
});

test('a broker that stops does not wait for the rate, and the others go on at once', async (t) => {
  const world = await moveWorld(t, 40, { moveRate: 10 });
  const move = await rotate(world);
  await world.mover.poll();
  await eventually(() => world.kms.count('wrap') === 10);
  const { dueAt } = await found(world, move);
  await world.mover.stop();
  const left = await found(world, move);
  t.true(left.dueAt < dueAt);
  t.like(left, { state: 'RUNNING', problem: null, moved: 10 });
  const other = await world.another();
  await other.mover.poll();
  t.is(other.mover.status().running, 1);
});
