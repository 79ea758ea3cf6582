import test from 'ava';
import type { AlertFacts } from '../../../broker/model/alerts.ts';
import { eventually } from '../../support/eventually.ts';
import { keyWorld, type KeyWorld, PROBE_INTERVAL_MS } from '../../support/key-world.ts';

async function raised({ store }: KeyWorld): Promise<AlertFacts[]> {
  return (await store.alerts.list('acme', 100)).toReversed().map(({ facts }) => facts);
}

test('a key that is taken away, for another reason too, and given back raises an alert each time', async (t) => {
  const world = await keyWorld(t);
  await world.issue();
  const key = world.kms.key(world.reference);
  const replica = world.kms.key(world.replica);
  const take = (state: 'DISABLED' | 'PENDING_DELETION' | 'ENABLED') => {
    key.state = state;
    replica.state = state;
  };
  const status = { kind: 'KEY_STATUS', reference: world.reference, use: 'DECRYPT' } as const;
  const expected: AlertFacts[] = [
    { ...status, from: 'OK', to: 'FAILED', cause: 'KEY_DISABLED' },
    { ...status, from: 'FAILED', to: 'FAILED', cause: 'KEY_PENDING_DELETION' },
    { ...status, from: 'FAILED', to: 'OK', cause: null },
  ];
  take('DISABLED');
  world.clock.advance(PROBE_INTERVAL_MS);
  await eventually(async () => (await raised(world)).length === 1);
  for (let again = 0; again < 3; again++) await t.throwsAsync(world.issue({ id: `refused-${again}` }));
  // After so many failures the KMS is asked once a second.
  world.clock.advance(1_000);
  take('PENDING_DELETION');
  await t.throwsAsync(world.issue({ id: 'refused' }), { code: 'KEY_PENDING_DELETION' });
  await eventually(async () => (await raised(world)).length === 2);
  take('ENABLED');
  world.clock.advance(1_000);
  await world.issue({ id: 'again' });
  await eventually(async () => (await raised(world)).length === 3);
  await world.issue({ id: 'and-again' });
  t.deepEqual(await raised(world), expected);
  const [newest] = await world.store.alerts.list('acme', 1);
  t.is(newest?.kekId, world.kek.id);
});

test('an outage raises nothing: it is not the customer’s decision', async (t) => {
  const world = await keyWorld(t);
  await world.issue();
  world.kms.key(world.reference).state = 'UNAVAILABLE';
  world.kms.key(world.replica).state = 'UNAVAILABLE';
  await t.throwsAsync(world.issue({ id: 'refused' }), { code: 'KMS_UNREACHABLE' });
  await world.probe.runOnce();
  t.deepEqual(await raised(world), []);
});
