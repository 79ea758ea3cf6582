import test from 'ava';
import { VERIFICATION_STEPS, type VerificationStep } from '../../../broker/keys/verify-key.ts';
import { DataKey } from '../../../core/data-key.ts';
import type { ErrorCode } from '../../../core/errors.ts';
import type { FakeKms } from '../../support/fake-kms.ts';
import { keyWorld, type KeyWorld } from '../../support/key-world.ts';

/** Tried on each reference in turn. */
const TRIALS = Object.keys(VERIFICATION_STEPS).filter(
  (step) => step !== 'NOT_ENROLLED_ELSEWHERE' && step !== 'EXTERNAL_ID',
);

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
      ['NOT_ENROLLED_ELSEWHERE', key, 'OK'],
      ['NOT_ENROLLED_ELSEWHERE', replica, 'OK'],
      ...[key, replica].flatMap((reference) => TRIALS.map((step) => [step, reference, 'OK'])),
    ],
  );
  t.true(
    enrolment.steps.every(
      ({ cause, detail, advice }) => cause === null && detail === null && advice === null,
    ),
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

test('steps can be followed as they end, also those that are skipped', async (t) => {
  const world = await keyWorld(t);
  const key = world.kms.createKey('globex');
  world.kms.key(key).denied = (_context, operation) => operation === 'wrap';
  const seen: VerificationStep[] = [];
  const callsBefore: number[] = [];
  const follow = (step: VerificationStep) => {
    seen.push(step);
    callsBefore.push(world.kms.calls.length);
  };
  const references = [key];
  const trial = await world.enrolKey.verify(
    'operator',
    'globex',
    { provider: 'aws', references },
    {
      onStep: follow,
    },
  );
  t.deepEqual(seen, [...trial.steps]);
  t.deepEqual(
    seen.map(({ outcome }) => outcome),
    ['OK', 'OK', 'OK', 'OK', 'OK', 'FAILED', 'SKIPPED', 'SKIPPED'],
  );
  t.deepEqual(callsBefore, [0, 1, 1, 1, 2, 3, 3, 3], 'each as it ends, and no call after the first failure');
  t.deepEqual(await world.store.listKeks('globex'), []);
});

test('no step begins when the verification has lasted too long', async (t) => {
  const world = await keyWorld(t);
  const references = [world.kms.createKey('globex')];
  const begun: string[] = [];
  const trial = await world.enrolKey.verify(
    'operator',
    'globex',
    { provider: 'aws', references },
    {
      onBegin: ({ step }) => void begun.push(step),
      onStep: ({ step }) => (step === 'DESCRIBE' ? world.clock.advance(120_000) : null),
    },
  );
  t.false(trial.ok);
  t.like(
    trial.steps.find(({ outcome }) => outcome === 'FAILED'),
    { step: 'KIND', cause: 'DEADLINE_EXCEEDED' },
  );
  t.deepEqual(begun, ['NOT_ENROLLED_ELSEWHERE', 'DESCRIBE', 'KIND']);
  t.is(world.kms.calls.length, 1);
});

test('a key that somebody else has is refused before any KMS is asked', async (t) => {
  const world = await keyWorld(t);
  const mine = world.kms.createKey('globex');
  for (const theirs of [world.reference, world.replica, world.platformReference]) {
    const enrolment = await enrol(world, mine, theirs);
    if (enrolment.ok) return t.fail('it was taken');
    t.is(enrolment.error.code, 'CONFLICT');
    t.like(enrolment.steps[1], { step: 'NOT_ENROLLED_ELSEWHERE', reference: theirs, cause: 'CONFLICT' });
    t.notRegex(JSON.stringify(enrolment.steps), /acme/, 'nobody is told whose it is');
  }
  t.is(world.kms.calls.length, 0);
  t.deepEqual(await world.store.listKeks('globex'), []);
});

test('an account may try its own key again, but not enrol it twice', async (t) => {
  const world = await keyWorld(t);
  const key = { provider: 'aws', references: [world.reference] } as const;
  t.true((await world.enrolKey.verify('operator', 'acme', key)).ok);
  await t.throwsAsync(world.enrolKey.run('operator', 'acme', key), { code: 'CONFLICT' });
});

interface Row {
  readonly spoil: (kms: FakeKms, key: string, replica: string) => void;
  readonly code: ErrorCode;
  readonly cause: VerificationStep['cause'];
  readonly failed: string;
}

const SPOILED: Record<string, Row> = {
  'a disabled key': {
    spoil: (kms, key) => (kms.key(key).state = 'DISABLED'),
    code: 'KEY_DISABLED',
    cause: 'KEY_DISABLED',
    failed: 'DESCRIBE fake:globex',
  },
  'a key that is about to be deleted': {
    spoil: (kms, key) => (kms.key(key).state = 'PENDING_DELETION'),
    code: 'KEY_PENDING_DELETION',
    cause: 'KEY_PENDING_DELETION',
    failed: 'DESCRIBE fake:globex',
  },
  'a key of another kind': {
    spoil: (kms, key) => (kms.key(key).usable = false),
    code: 'INVALID_ARGUMENT',
    cause: 'WRONG_KIND',
    failed: 'KIND fake:globex',
  },
  'a key that can be destroyed at once': {
    spoil: (kms, key) => (kms.key(key).deletion = 'NONE'),
    code: 'INVALID_ARGUMENT',
    cause: 'NOT_PROTECTED',
    failed: 'DELETION_PROTECTION fake:globex',
  },
  'a replica that can be purged': {
    spoil: (kms, _key, replica) => (kms.key(replica).deletion = 'RECOVERABLE'),
    code: 'INVALID_ARGUMENT',
    cause: 'NOT_PROTECTED',
    failed: 'DELETION_PROTECTION fake:globex-replica',
  },
  'a KMS that is away': {
    spoil: (kms, key) => (kms.key(key).failure = 'UNREACHABLE'),
    code: 'KMS_UNREACHABLE',
    cause: 'UNREACHABLE',
    failed: 'DESCRIBE fake:globex',
  },
  'a key whose policy allows nothing': {
    spoil: (kms, key) => (kms.key(key).denied = () => true),
    code: 'KEY_PERMISSION_REVOKED',
    cause: 'PERMISSION_REVOKED',
    failed: 'GENERATE fake:globex',
  },
  'a replica whose policy allows nothing': {
    spoil: (kms, _key, replica) => (kms.key(replica).denied = () => true),
    code: 'KEY_PERMISSION_REVOKED',
    cause: 'PERMISSION_REVOKED',
    failed: 'GENERATE fake:globex-replica',
  },
  'a policy without wrapping': {
    spoil: (kms, key) => (kms.key(key).denied = (_context, operation) => operation === 'wrap'),
    code: 'KEY_PERMISSION_REVOKED',
    cause: 'PERMISSION_REVOKED',
    failed: 'WRAP fake:globex',
  },
  'a replica that is another key': {
    spoil: (kms, _key, replica) =>
      Object.assign(kms.key(replica), { material: kms.key('fake:other').material }),
    code: 'KMS_CONTEXT_MISMATCH',
    cause: 'CONTEXT_MISMATCH',
    failed: 'UNWRAP fake:globex-replica',
  },
  'a KMS that does not bind the context': {
    spoil: (kms) => {
      const unwrap = kms.unwrap.bind(kms);
      kms.unwrap = (reference, wrapped, context, call) =>
        unwrap(reference, wrapped, { ...context, id: context['id']?.replace('-wrong', '') ?? '' }, call);
    },
    code: 'KMS_INVALID_RESPONSE',
    cause: 'INVALID_RESPONSE',
    failed: 'UNWRAP_WRONG_CONTEXT fake:globex',
  },
  'a KMS that does not bind the account': {
    spoil: (kms) => {
      const unwrap = kms.unwrap.bind(kms);
      kms.unwrap = (reference, wrapped, context, call) =>
        unwrap(reference, wrapped, { ...context, acct: 'globex' }, call);
    },
    code: 'KMS_INVALID_RESPONSE',
    cause: 'INVALID_RESPONSE',
    failed: 'UNWRAP_WRONG_CONTEXT fake:globex',
  },
  'a KMS that makes another key of what it wraps': {
    spoil: (kms) => {
      const wrap = kms.wrap.bind(kms);
      kms.wrap = (reference, _dataKey, context, call) => wrap(reference, DataKey.generate(), context, call);
    },
    code: 'KMS_INVALID_RESPONSE',
    cause: 'INVALID_RESPONSE',
    failed: 'UNWRAP fake:globex',
  },
  'a KMS that unwraps something else': {
    spoil: (kms) => {
      kms.unwrap = async (reference, _wrapped, context, call) => {
        if (context['id']?.endsWith('-wrong')) return kms.generate('fake:missing', context, call) as never;
        return (await kms.generate(reference, context, call)).dataKey;
      };
    },
    code: 'KMS_INVALID_RESPONSE',
    cause: 'INVALID_RESPONSE',
    failed: 'UNWRAP fake:globex',
  },
};

for (const [name, { spoil, code, cause, failed }] of Object.entries(SPOILED)) {
  test(`not taken, with the step that failed: ${name}`, async (t) => {
    const world = await keyWorld(t);
    const key = world.kms.createKey('globex');
    const replica = world.kms.replicate(key, 'globex-replica');
    world.kms.createKey('other');
    spoil(world.kms, key, replica);
    const enrolment = await enrol(world, key, replica);
    if (enrolment.ok) return t.fail('it was taken');
    t.is(enrolment.error.code, code);
    const at = enrolment.steps.findIndex(({ outcome }) => outcome === 'FAILED');
    const step = enrolment.steps[at];
    t.is(`${step?.step} ${step?.reference}`, failed);
    t.is(step?.cause, cause);
    t.is(step?.advice, `mend ${cause}`);
    t.true(step?.detail?.startsWith(`${code}: `));
    t.true(enrolment.steps.slice(0, at).every(({ outcome }) => outcome === 'OK'));
    t.true(enrolment.steps.slice(at + 1).every(({ outcome }) => outcome === 'SKIPPED'));
    t.deepEqual(await world.store.listKeks('globex'), []);
    t.like((await world.audit())[0], { action: 'ADMINISTER', outcome: 'FAILED', account: 'globex' });
  });
}

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
