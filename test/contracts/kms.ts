import test, { type ExecutionContext } from 'ava';
import type { EncryptionContext } from '../../core/encryption-context.ts';
import { CmkError } from '../../core/errors.ts';
import { KmsError } from '../../broker/kms/provider.ts';
import { eventually } from '../support/eventually.ts';
import { CALL, CONTEXT, failsWith, GRACE_MS, perform, sameKey, SHORT_MS } from './kms-calls.ts';
import { FaultRecorder, type FaultColumnSpec } from './kms-fault-recorder.ts';
import { OPERATIONS, WITH_CONTEXT, type KmsFault } from './kms-fault-table.ts';
import { checkFaults } from './kms-faults.ts';
import type { KmsHarness } from './kms-harness.ts';

export type { KmsFault, KmsHarness } from './kms-harness.ts';

/**
 * What every provider must do; see broker/kms/provider.ts.
 * @param faults the column of docs/kms/faults.md that is kept true
 */
export function testKmsProvider(
  name: string,
  start: () => Promise<KmsHarness>,
  faults: FaultColumnSpec,
): void {
  const recorder = new FaultRecorder(faults);
  function check(title: string, run: (t: ExecutionContext, kms: KmsHarness) => Promise<void>): void {
    // One at a time: some of them measure time.
    test.serial(`${name}: ${title}`, async (t) => {
      const kms = await start();
      try {
        await run(t, kms);
      } finally {
        kms.provider.close();
        kms.stranger.close();
        await kms.close();
      }
    });
  }

  check('what was generated or wrapped unwraps to the same data key', async (t, { provider, key }) => {
    const { dataKey, wrapped } = await provider.generate(key, CONTEXT, CALL);
    t.true(sameKey(await provider.unwrap(key, wrapped, CONTEXT, CALL), dataKey));
    const rewrapped = await provider.wrap(key, dataKey, CONTEXT, CALL);
    t.notDeepEqual(rewrapped, wrapped);
    t.true(sameKey(await provider.unwrap(key, rewrapped, CONTEXT, CALL), dataKey));
    t.false(Buffer.from(wrapped).includes(dataKey.copyBytes()));
  });

  check('every data key is another one', async (t, { provider, key }) => {
    const [one, two] = [
      await provider.generate(key, CONTEXT, CALL),
      await provider.generate(key, CONTEXT, CALL),
    ];
    t.false(sameKey(one.dataKey, two.dataKey));
  });

  check(
    'a replica unwraps what the key wrapped, and the other way round',
    async (t, { provider, key, replica }) => {
      if (replica === null) {
        t.pass('this KMS has no replicas');
        return;
      }
      for (const [from, to] of [
        [key, replica],
        [replica, key],
      ] as const) {
        const { dataKey, wrapped } = await provider.generate(from, CONTEXT, CALL);
        t.true(sameKey(await provider.unwrap(to, wrapped, CONTEXT, CALL), dataKey));
      }
    },
  );

  check('a key is somewhere, and its replica elsewhere', (t, { provider, key, otherKey, replica }) => {
    t.regex(provider.placeOf(key), /^[^\s/]+.*$/);
    if (replica) t.not(provider.placeOf(replica), provider.placeOf(key));
    t.is(provider.placeOf(otherKey), provider.placeOf(key), 'where the customer keeps both');
    return Promise.resolve();
  });

  check('rotation leaves older wrapped keys readable', async (t, kms) => {
    const { provider, key } = kms;
    if (!kms.rotate) {
      t.pass('new material is a new key');
      return;
    }
    const before = await provider.generate(key, CONTEXT, CALL);
    kms.rotate(key);
    const after = await provider.generate(key, CONTEXT, CALL);
    t.true(sameKey(await provider.unwrap(key, before.wrapped, CONTEXT, CALL), before.dataKey));
    t.true(sameKey(await provider.unwrap(key, after.wrapped, CONTEXT, CALL), after.dataKey));
  });

  check('another context does not unwrap', async (t, { provider, key }) => {
    const { wrapped } = await provider.generate(key, CONTEXT, CALL);
    const shorter = Object.fromEntries(Object.entries(CONTEXT).filter(([name]) => name !== 'id'));
    const others: Record<string, EncryptionContext> = {
      'another value': { ...CONTEXT, acct: 'other' },
      'a pair less': shorter,
      'a pair more': { ...CONTEXT, extra: 'pair' },
      'another case': { ...CONTEXT, acct: 'ACME' },
      none: {},
    };
    for (const [title, context] of Object.entries(others)) {
      const call = provider.unwrap(key, wrapped, context, CALL);
      recorder.record('another context', 'unwrap', await failsWith(t, 'CONTEXT_MISMATCH', call, title));
    }
  });

  check('the order of a context’s pairs does not matter', async (t, { provider, key }) => {
    const { dataKey, wrapped } = await provider.generate(key, CONTEXT, CALL);
    const reversed = Object.fromEntries(Object.entries(CONTEXT).reverse());
    t.true(sameKey(await provider.unwrap(key, wrapped, reversed, CALL), dataKey));
  });

  check('another key does not unwrap, nor a damaged wrapped key', async (t, { provider, key, otherKey }) => {
    const { wrapped } = await provider.generate(key, CONTEXT, CALL);
    const refused = (reference: string, bytes: Uint8Array, title: string) =>
      failsWith(t, 'CONTEXT_MISMATCH', provider.unwrap(reference, bytes, CONTEXT, CALL), title);
    const other = await refused(otherKey, wrapped, 'another key');
    recorder.record('another key’s wrapped key', 'unwrap', other);
    const damages: Record<string, Uint8Array> = { truncated: wrapped.subarray(0, wrapped.length - 1) };
    for (const at of [0, Math.floor(wrapped.length / 2), wrapped.length - 1]) {
      damages[`byte ${at}`] = Uint8Array.from(wrapped, (byte, index) => (index === at ? byte ^ 1 : byte));
    }
    for (const [title, damaged] of Object.entries(damages)) {
      recorder.record('damaged wrapped key', 'unwrap', await refused(key, damaged, title));
    }
  });

  check('states become causes, and an enabled key works again', async (t, kms) => {
    const { provider, key } = kms;
    const wrapped = await kms.provider.generate(key, CONTEXT, CALL).then((made) => made.wrapped);
    t.like(await provider.describe(key, CALL), { state: 'ENABLED', usable: true });
    kms.disable(key);
    t.like(await provider.describe(key, CALL), { state: 'DISABLED' });
    for (const operation of WITH_CONTEXT) {
      const error = await failsWith(t, 'KEY_DISABLED', perform(kms, operation, key, wrapped), operation);
      recorder.record('disabled key', operation, error);
    }
    kms.enable(key);
    for (const operation of OPERATIONS)
      await t.notThrowsAsync(perform(kms, operation, key, wrapped), operation);
  });

  check('a key scheduled for deletion is told apart from a disabled one', async (t, kms) => {
    const { provider, otherKey } = kms;
    if (!kms.scheduleDeletion) {
      t.pass('this KMS knows no deletion that waits');
      return;
    }
    const { wrapped } = await provider.generate(otherKey, CONTEXT, CALL);
    kms.scheduleDeletion(otherKey);
    const { pendingDeletionCause: cause = 'KEY_PENDING_DELETION' } = kms;
    if (cause === 'KEY_PENDING_DELETION')
      t.like(await provider.describe(otherKey, CALL), { state: 'PENDING_DELETION' });
    else await failsWith(t, cause, provider.describe(otherKey, CALL), 'describe');
    for (const operation of WITH_CONTEXT) {
      const error = await failsWith(t, cause, perform(kms, operation, otherKey, wrapped), operation);
      recorder.record('key pending deletion', operation, error);
    }
  });

  check('a revoked permission is the customer’s decision', async (t, kms) => {
    const { provider, key } = kms;
    if (!kms.revoke) {
      t.pass('this KMS knows no permissions');
      return;
    }
    const { wrapped } = await provider.generate(key, CONTEXT, CALL);
    kms.revoke(key, 'everything');
    for (const operation of OPERATIONS) {
      const error = await failsWith(
        t,
        'PERMISSION_REVOKED',
        perform(kms, operation, key, wrapped),
        operation,
      );
      t.true(error.customerDecision);
      t.false(error.retryable);
      recorder.record('permission taken away', operation, error);
    }
    kms.revoke(key, null);
    await t.notThrowsAsync(provider.unwrap(key, wrapped, CONTEXT, CALL));
  });

  check('a permission can be taken away for some contexts', async (t, kms) => {
    const { provider, key } = kms;
    if (!kms.deniesByContext || !kms.revoke) {
      t.pass('this KMS does not see contexts');
      return;
    }
    const denied = { ...CONTEXT, id: 'secret-meeting' };
    const [one, two] = [
      await provider.generate(key, CONTEXT, CALL),
      await provider.generate(key, denied, CALL),
    ];
    kms.revoke(key, { contextKey: 'id', value: 'secret-meeting' });
    await t.notThrowsAsync(provider.unwrap(key, one.wrapped, CONTEXT, CALL));
    const call = provider.unwrap(key, two.wrapped, denied, CALL);
    const error = await failsWith(t, 'PERMISSION_REVOKED', call, 'denied context');
    recorder.record('permission taken away for one context', 'unwrap', error);
  });

  check('a missing key, a key of another kind and unknown credentials have their causes', async (t, kms) => {
    const { wrapped } = await kms.provider.generate(kms.key, CONTEXT, CALL);
    const strange = { ...kms, provider: kms.stranger };
    for (const operation of OPERATIONS) {
      const cause = kms.missingKeyCause ?? 'KEY_NOT_FOUND';
      const missing = await failsWith(t, cause, perform(kms, operation, kms.missingKey, wrapped), operation);
      recorder.record('missing key', operation, missing);
      const unknown = await failsWith(
        t,
        'AUTH_FAILED',
        perform(strange, operation, kms.key, wrapped),
        operation,
      );
      recorder.record('unknown credentials', operation, unknown);
    }
    t.like(await kms.provider.describe(kms.wrongKind, CALL), { state: 'ENABLED', usable: false });
    for (const operation of ['generate', 'wrap'] as const) {
      const call = perform(kms, operation, kms.wrongKind, wrapped);
      recorder.record('key of another kind', operation, await failsWith(t, 'KEY_NOT_FOUND', call, operation));
    }
  });

  check('malformed references are refused in words', async (t, { provider, malformed, key }) => {
    t.is(provider.parseReference(` ${key}\n`), key);
    for (const [title, text] of Object.entries(malformed)) {
      const error = t.throws(() => provider.parseReference(text), { instanceOf: CmkError }, title);
      t.is(error.code, 'INVALID_ARGUMENT', title);
      t.regex(error.message, /expected .+, got /, title);
    }
    await Promise.resolve();
  });

  checkFaults(check, recorder);

  check('an abort ends the call at once and says nothing about the KMS', async (t, kms) => {
    const mend = await broken(kms, 'silence');
    for (const when of ['before', 'during'] as const) {
      const abort = new AbortController();
      if (when === 'before') abort.abort();
      const startedMs = performance.now();
      const call = kms.provider.generate(kms.key, CONTEXT, { ...CALL, signal: abort.signal });
      abort.abort();
      const error = await t.throwsAsync(call, { instanceOf: CmkError }, when);
      t.is(error.code, 'CANCELLED', when);
      t.false(error instanceof KmsError, when);
      t.true(performance.now() - startedMs < (kms.graceMs ?? GRACE_MS), when);
    }
    await mend();
  });

  check('a failed call leaves no connection behind, and closing ends the others', async (t, kms) => {
    await kms.provider.generate(kms.key, CONTEXT, CALL);
    const mend = await broken(kms, 'silence');
    const calls = Array.from({ length: 20 }, () =>
      kms.provider.generate(kms.key, CONTEXT, { timeoutMs: SHORT_MS }),
    );
    const outcomes = await Promise.allSettled(calls);
    t.true(outcomes.every(({ status }) => status === 'rejected'));
    await eventually(async () => (await kms.connections()) === 0);
    await mend();
    await kms.provider.generate(kms.key, CONTEXT, CALL);
    t.true((await kms.connections()) > 0, 'connections are kept for the next call');
    kms.provider.close();
    await eventually(async () => (await kms.connections()) === 0, 4_000);
    t.pass();
  });

  check('no error shows a key, a reference or a context', async (t, kms) => {
    const { dataKey, wrapped } = await kms.provider.generate(kms.key, CONTEXT, CALL);
    const forbidden = [kms.key, CONTEXT['id'] ?? '', dataKey.copyBytes().toString('base64')];
    const failures: Promise<unknown>[] = [
      kms.provider.unwrap(kms.key, wrapped, {}, CALL),
      kms.provider.generate(kms.missingKey, CONTEXT, CALL),
      kms.stranger.generate(kms.key, CONTEXT, CALL),
    ];
    for (const failure of failures) {
      const error = await t.throwsAsync(failure, { instanceOf: KmsError });
      for (const text of forbidden) t.false(error.message.includes(text));
    }
    const breaking = kms.breakWith('garbled answer');
    if (!breaking) return;
    const mend = await breaking;
    const error = await t.throwsAsync(kms.provider.unwrap(kms.key, wrapped, CONTEXT, CALL), {
      instanceOf: KmsError,
    });
    t.is(error.cause, undefined, 'a parser’s error quotes the answer, which holds the key');
    await mend();
  });

  // The last: files run from top to bottom.
  test.serial(`${name}: the table of faults shows what was observed here`, (t) => {
    recorder.compare(t);
  });
}

/** Every KMS can fail to answer. */
async function broken(kms: KmsHarness, fault: KmsFault): Promise<() => Promise<void>> {
  const mend = await kms.breakWith(fault);
  if (!mend) throw new Error(`expected a KMS that can break: ${fault}`);
  return mend;
}
