import test, { type ExecutionContext } from 'ava';
import type { AlertFacts } from '../../../broker/model/alerts.ts';
import { CmkError } from '../../../core/errors.ts';
import { eventually } from '../../support/eventually.ts';
import { anAuditEvent } from '../../support/stored-facts.ts';
import {
  keyWorld,
  LEASE_MS,
  PROBE_INTERVAL_MS,
  type KeyWorld,
  type WorldOptions,
} from '../../support/key-world.ts';

/** As in `DECRYPT OK, ENCRYPT FAILED KEY_DISABLED`. */
async function statuses({ store, kek }: KeyWorld, reference: string): Promise<string> {
  const records = (await store.keyStatuses.list([kek.id])).filter((each) => each.reference === reference);
  return records.map(({ use, status, cause }) => [use, status, cause].filter(Boolean).join(' ')).join(', ');
}

async function raised({ store }: KeyWorld, reference: string): Promise<string[]> {
  const alerts = (await store.alerts.list('acme', 100)).toReversed().map(({ facts }) => facts);
  const about = (facts: AlertFacts) => facts.kind === 'KEY_STATUS' && facts.reference === reference;
  const text = (facts: AlertFacts) =>
    facts.kind === 'KEY_STATUS' ? `${facts.use} ${facts.from} ${facts.to} ${facts.cause}` : '';
  return alerts.filter(about).map(text);
}

const expectStatuses = async (world: KeyWorld, reference: string, expected: string) => {
  await eventually(async () => (await statuses(world, reference)) === expected).catch(() => undefined);
  return { actual: await statuses(world, reference), expected };
};

/** A world in which nobody probes what is in trouble but the test. */
async function quietWorld(t: ExecutionContext, options: WorldOptions = {}): Promise<KeyWorld> {
  const world = await keyWorld(t, options);
  await world.statusProbe.stop();
  return world;
}

/** One round of the probe of what is in trouble, when it is due. */
async function probe(world: KeyWorld, afterMs = PROBE_INTERVAL_MS): Promise<void> {
  world.clock.advance(afterMs);
  await world.statusProbe.runOnce();
  await world.statuses.flush();
}

/** Lets time pass until it has ended: a KMS that throttled is asked less often for a while. */
async function passing(world: KeyWorld, work: Promise<unknown>): Promise<void> {
  const state = { ended: false };
  void work.finally(() => (state.ended = true));
  await eventually(() => (world.clock.advance(100), state.ended));
}

test('a verified key is OK, and each replica has a status of its own', async (t) => {
  const world = await quietWorld(t);
  await world.statuses.flush();
  for (const reference of world.kek.references) {
    t.is(await statuses(world, reference), 'DECRYPT OK, ENCRYPT OK');
    t.deepEqual(await raised(world, reference), []);
  }
});

test('a key that is disabled fails for both uses, its replica does not, and comes back', async (t) => {
  const world = await quietWorld(t);
  world.kms.key(world.reference).state = 'DISABLED';
  await world.issue();
  await world.statuses.flush();
  await probe(world, 1_000);
  const failed = 'DECRYPT FAILED KEY_DISABLED, ENCRYPT FAILED KEY_DISABLED';
  const { actual, expected } = await expectStatuses(world, world.reference, failed);
  t.is(actual, expected);
  t.is(await statuses(world, world.replica), 'DECRYPT OK, ENCRYPT OK');
  t.is((await world.store.keyEventsAfter(0, 10)).length, 0, 'the key as a whole was not taken away');

  world.kms.key(world.reference).state = 'PENDING_DELETION';
  await probe(world);
  world.kms.key(world.reference).state = 'ENABLED';
  await probe(world);
  t.is(await statuses(world, world.reference), 'DECRYPT OK, ENCRYPT OK');
  t.deepEqual(
    new Set(await raised(world, world.reference)),
    new Set([
      'ENCRYPT OK FAILED KEY_DISABLED',
      'DECRYPT OK FAILED KEY_DISABLED',
      'DECRYPT FAILED FAILED KEY_PENDING_DELETION',
      'ENCRYPT FAILED FAILED KEY_PENDING_DELETION',
      'DECRYPT FAILED OK null',
      'ENCRYPT FAILED OK null',
    ]),
  );
  const audits = (await world.audit()).filter(({ action }) => action === 'STATUS');
  t.is(audits.length, 6);
  t.like(audits[0], { actor: 'broker', account: 'acme', kekId: world.kek.id, outcome: 'ALLOWED' });
  await world.probe.stop();
  const before = world.kms.calls.length;
  await probe(world);
  t.is(world.kms.calls.length, before, 'healthy, and asked no more');
});

test('a single throttle changes nothing, and the key is asked until it works', async (t) => {
  const world = await quietWorld(t);
  await world.statuses.flush();
  const throttle = { left: 1 };
  world.kms.onCall = ({ reference }) => {
    world.kms.key(reference).failure = throttle.left-- > 0 ? 'THROTTLED' : null;
  };
  await passing(world, world.issue());
  await world.statuses.flush();
  t.is(await statuses(world, world.reference), 'DECRYPT OK, ENCRYPT OK KMS_THROTTLED');
  await passing(world, probe(world, 1_000));
  t.is(await statuses(world, world.reference), 'DECRYPT OK, ENCRYPT OK');
  t.deepEqual(await raised(world, world.reference), []);
});

test('an outage degrades, fails when it lasts, and takes nothing away', async (t) => {
  const world = await quietWorld(t);
  const fail = (failure: 'UNREACHABLE' | null) =>
    world.kek.references.forEach((each) => (world.kms.key(each).failure = failure));
  fail('UNREACHABLE');
  await t.throwsAsync(world.issue(), { code: 'KMS_UNREACHABLE' });
  await world.statuses.flush();
  await probe(world, 1_000);
  await probe(world);
  await probe(world);
  const cause = 'KMS_UNREACHABLE';
  t.is(await statuses(world, world.replica), `DECRYPT DEGRADED ${cause}, ENCRYPT DEGRADED ${cause}`);
  for (let round = 0; round < 30; round++) await probe(world);
  t.is(await statuses(world, world.replica), `DECRYPT FAILED ${cause}, ENCRYPT FAILED ${cause}`);
  t.is((await world.store.keyEventsAfter(0, 10)).length, 0);
  fail(null);
  await probe(world);
  t.deepEqual(
    (await raised(world, world.replica)).filter((text) => text.startsWith('DECRYPT')),
    [`DECRYPT OK DEGRADED ${cause}`, `DECRYPT DEGRADED FAILED ${cause}`, 'DECRYPT FAILED OK null'],
  );
});

test('a denied context of one asset changes nothing; a denied key fails, encryption alone where it is that', async (t) => {
  const world = await quietWorld(t);
  const deny = (denied: (context: { id?: string }, operation: string) => boolean) =>
    world.kek.references.forEach((each) => (world.kms.key(each).denied = denied));
  deny(({ id }) => id === 'meeting-2');
  await t.throwsAsync(world.issue({ id: 'meeting-2' }), { code: 'KEY_PERMISSION_REVOKED' });
  await world.statuses.flush();
  await probe(world, 1_000);
  t.is(await statuses(world, world.reference), 'DECRYPT OK, ENCRYPT OK');
  deny((_, operation) => operation === 'generate');
  world.clock.advance(60_000);
  await t.throwsAsync(world.issue({ id: 'meeting-3' }), { code: 'KEY_PERMISSION_REVOKED' });
  await world.statuses.flush();
  await probe(world, 1_000);
  t.is(await statuses(world, world.reference), 'DECRYPT OK, ENCRYPT FAILED KEY_PERMISSION_REVOKED');
});

test('a second replica that died is seen while the first serves', async (t) => {
  const world = await quietWorld(t);
  await world.issue();
  world.kms.key(world.replica).state = 'DISABLED';
  await world.probe.runOnce();
  t.regex(await statuses(world, world.replica), /DECRYPT OK/, 'heard of less than a minute ago');
  world.clock.advance(60_000);
  await world.probe.runOnce();
  const expected = 'DECRYPT FAILED KEY_DISABLED, ENCRYPT OK';
  t.deepEqual(await expectStatuses(world, world.replica, expected), { actual: expected, expected });
});

test('whichever broker claims it asks, and the later fact wins', async (t) => {
  const world = await quietWorld(t);
  const other = await world.another();
  await other.statusProbe.stop();
  world.kms.key(world.reference).state = 'DISABLED';
  await world.issue();
  await world.statuses.flush();
  world.clock.advance(1_000);
  const before = world.kms.count('unwrap');
  await Promise.all([world.statusProbe.runOnce(), other.statusProbe.runOnce()]);
  t.is(world.kms.count('unwrap') - before, 1, 'one of them');
  await other.statuses.flush();
  await world.statuses.flush();
  world.kms.key(world.reference).state = 'ENABLED';
  world.clock.advance(PROBE_INTERVAL_MS);
  await other.statusProbe.runOnce();
  await other.statuses.flush();
  await world.statuses.flush();
  t.is(await statuses(world, world.reference), 'DECRYPT OK, ENCRYPT OK');
});

test('a healthy key without leases is not asked, and a retired one in trouble is not', async (t) => {
  const world = await quietWorld(t);
  await world.issue();
  world.clock.advance(LEASE_MS);
  await world.probe.stop();
  await world.statusProbe.stop();
  world.kms.calls.length = 0;
  await probe(world, 120_000);
  await world.probe.runOnce();
  t.is(world.kms.calls.length, 0);
  world.kms.key(world.reference).state = 'DISABLED';
  await world.issue({ id: 'other' });
  await world.statuses.flush();
  await world.store.moveKek(world.kek.id, ['ACTIVE'], 'RETIRED', anAuditEvent());
  world.kms.calls.length = 0;
  await probe(world, 1_000);
  t.is(world.kms.calls.length, 0);
});

test('what goes on as before is written each minute, and what a database refused is written later', async (t) => {
  let writes = 0;
  let broken = false;
  const world = await quietWorld(t, {
    around: (store) => {
      const keyStatuses = new Proxy(store.keyStatuses, {
        get(target, name) {
          const value: unknown = Reflect.get(target, name, target);
          if (typeof value !== 'function') return value;
          const method = value.bind(target) as (...facts: unknown[]) => Promise<unknown>;
          if (name !== 'apply') return method;
          return (...facts: unknown[]) => {
            writes++;
            return broken ? Promise.reject(new CmkError('STORE_UNAVAILABLE', 'broken')) : method(...facts);
          };
        },
      });
      return new Proxy(store, {
        get(target, name) {
          if (name === 'keyStatuses') return keyStatuses;
          const value: unknown = Reflect.get(target, name, target);
          return typeof value === 'function' ? (value.bind(target) as unknown) : value;
        },
      });
    },
  });
  await world.issue();
  await world.statuses.flush();
  writes = 0;
  for (let index = 0; index < 20; index++) await world.issue({ id: `meeting-${index}` });
  world.clock.advance(30_000);
  t.is(writes, 0);
  world.clock.advance(35_000);
  await eventually(() => writes === 1);
  await world.statuses.flush();
  broken = true;
  world.kms.key(world.reference).state = 'DISABLED';
  await world.issue({ id: 'first' });
  await eventually(() => world.observer.background.length > 0);
  t.is(await statuses(world, world.reference), 'DECRYPT OK, ENCRYPT OK');
  broken = false;
  // The write that failed may be ending still: the next tick tries again.
  await eventually(async () => {
    world.clock.advance(5_000);
    // Whichever use found out: a key that rests is not asked by the other.
    return (await statuses(world, world.reference)).includes('FAILED KEY_DISABLED');
  });
  t.pass();
});
