import test from 'ava';
import type { ErrorCode } from '../../../core/errors.ts';
import type { FakeKms } from '../../support/fake-kms.ts';
import { keyWorld, type KeyWorld } from '../../support/key-world.ts';

const enrol = (world: KeyWorld, ...references: string[]) =>
  world.enrolKey.run('operator', 'globex', { provider: 'aws', references });

test('a key is verified step by step, then stored with its canary', async (t) => {
  const world = await keyWorld(t);
  const key = world.kms.createKey('globex');
  const replica = world.kms.replicate(key, 'globex-replica');
  const enrolment = await enrol(world, key, replica);
  if (!enrolment.ok) return t.fail(enrolment.error.message);
  t.deepEqual(
    enrolment.steps.map(({ step, reference, outcome }) => [step, reference, outcome]),
    [
      ['DESCRIBE', key, 'OK'],
      ['DESCRIBE', replica, 'OK'],
      ['GENERATE', key, 'OK'],
      ['UNWRAP', key, 'OK'],
      ['UNWRAP_WRONG_CONTEXT', key, 'OK'],
      ['UNWRAP', replica, 'OK'],
      ['UNWRAP_WRONG_CONTEXT', replica, 'OK'],
    ],
  );
  const stored = await world.store.findKek(enrolment.kek.id);
  t.like(stored, { account: 'globex', lifecycle: 'STANDBY', references: [key, replica] });
  t.deepEqual(stored?.canary?.context, {
    acct: 'globex',
    srvId: '0000',
    type: 'Canary',
    id: enrolment.kek.id,
    timestamp: '1767225600',
  });
  t.like((await world.audit())[0], { action: 'ADMINISTER', outcome: 'ALLOWED', kekId: enrolment.kek.id });
});

test('of keys enrolled within one second the last is the newest', async (t) => {
  const world = await keyWorld(t);
  const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
  for (const name of names) await enrol(world, world.kms.createKey(name));
  const keks = await world.store.listKeks('globex');
  t.deepEqual(
    keks.map(({ references }) => references[0]),
    names.toReversed().map((name) => `fake:${name}`),
  );
});

interface Row {
  readonly spoil: (kms: FakeKms, key: string, replica: string) => void;
  readonly code: ErrorCode;
  readonly failed: string;
}

const SPOILED: Record<string, Row> = {
  'a disabled key': {
    spoil: (kms, key) => (kms.key(key).state = 'DISABLED'),
    code: 'KEY_DISABLED',
    failed: 'DESCRIBE fake:globex',
  },
  'a key that is about to be deleted': {
    spoil: (kms, key) => (kms.key(key).state = 'PENDING_DELETION'),
    code: 'KEY_PENDING_DELETION',
    failed: 'DESCRIBE fake:globex',
  },
  'a key of another kind': {
    spoil: (kms, key) => (kms.key(key).usable = false),
    code: 'INVALID_ARGUMENT',
    failed: 'DESCRIBE fake:globex',
  },
  'a KMS that is away': {
    spoil: (kms, key) => (kms.key(key).failure = 'UNREACHABLE'),
    code: 'KMS_UNREACHABLE',
    failed: 'DESCRIBE fake:globex',
  },
  'a key whose policy allows nothing': {
    spoil: (kms, key) => (kms.key(key).denied = () => true),
    code: 'KEY_PERMISSION_REVOKED',
    failed: 'GENERATE fake:globex',
  },
  'a replica whose policy allows nothing': {
    spoil: (kms, _key, replica) => (kms.key(replica).denied = () => true),
    code: 'KEY_PERMISSION_REVOKED',
    failed: 'UNWRAP fake:globex-replica',
  },
  'a replica that is another key': {
    spoil: (kms, _key, replica) =>
      Object.assign(kms.key(replica), { material: kms.key('fake:other').material }),
    code: 'KMS_CONTEXT_MISMATCH',
    failed: 'UNWRAP fake:globex-replica',
  },
  'a KMS that does not bind the context': {
    spoil: (kms) => {
      const unwrap = kms.unwrap.bind(kms);
      kms.unwrap = (reference, wrapped, context, call) =>
        unwrap(reference, wrapped, { ...context, id: context['id']?.replace('-wrong', '') ?? '' }, call);
    },
    code: 'KMS_INVALID_RESPONSE',
    failed: 'UNWRAP_WRONG_CONTEXT fake:globex',
  },
  'a KMS that unwraps something else': {
    spoil: (kms) => {
      kms.unwrap = async (reference, _wrapped, context, call) => {
        if (context['id']?.endsWith('-wrong')) return kms.generate('fake:missing', context, call) as never;
        return (await kms.generate(reference, context, call)).dataKey;
      };
    },
    code: 'KMS_INVALID_RESPONSE',
    failed: 'UNWRAP fake:globex',
  },
};

for (const [name, { spoil, code, failed }] of Object.entries(SPOILED)) {
  test(`not taken, with the step that failed: ${name}`, async (t) => {
    const world = await keyWorld(t);
    const key = world.kms.createKey('globex');
    const replica = world.kms.replicate(key, 'globex-replica');
    world.kms.createKey('other');
    spoil(world.kms, key, replica);
    const enrolment = await enrol(world, key, replica);
    if (enrolment.ok) return t.fail('it was taken');
    t.is(enrolment.error.code, code);
    const last = enrolment.steps.at(-1);
    t.is(`${last?.step} ${last?.reference}`, failed);
    t.is(last?.outcome, 'FAILED');
    t.true(enrolment.steps.slice(0, -1).every(({ outcome }) => outcome === 'OK'));
    t.deepEqual(await world.store.listKeks('globex'), []);
    t.like((await world.audit())[0], { action: 'ADMINISTER', outcome: 'FAILED', account: 'globex' });
  });
}

test('a key that somebody has already is nobody else’s', async (t) => {
  const world = await keyWorld(t);
  await t.throwsAsync(enrol(world, world.reference), { code: 'CONFLICT' });
  await t.throwsAsync(enrol(world, world.replica), { code: 'CONFLICT' });
  t.deepEqual(await world.store.listKeks('globex'), []);
});

test('references are checked before the KMS is asked', async (t) => {
  const world = await keyWorld(t);
  const key = world.kms.createKey('globex');
  const many = Array.from({ length: 17 }, (_, index) => `fake:many-${index}`);
  for (const references of [[], ['nonsense'], [key, key], many]) {
    await t.throwsAsync(enrol(world, ...references), { code: 'INVALID_ARGUMENT' });
  }
  const nobody = world.enrolKey.run('operator', 'nobody', { provider: 'aws', references: [key] });
  await t.throwsAsync(nobody, { code: 'ACCOUNT_UNKNOWN' });
  t.is(world.kms.calls.length, 0);
});

test('the platform key is verified and stored once, and needs no KMS to start again', async (t) => {
  const world = await keyWorld(t);
  const [kek, ...others] = await world.store.listKeks(null);
  t.deepEqual(others, []);
  t.like(kek, { account: null, references: [world.platformReference] });
  t.is(kek?.canary?.context['acct'], 'platform');
  world.kms.key(world.platformReference).failure = 'UNREACHABLE';
  await t.notThrowsAsync(world.another());
  t.is((await world.store.listKeks(null)).length, 1);
});
