import test, { type ExecutionContext } from 'ava';
import { DataKey } from '../../core/data-key.ts';
import type { EncryptionContext } from '../../core/encryption-context.ts';
import { CmkError } from '../../core/errors.ts';
import { KmsError, type KmsCall, type KmsCause } from '../../broker/kms/provider.ts';
import { eventually } from '../support/eventually.ts';
import type { KmsFault, KmsHarness, Operation } from './kms-harness.ts';

export type { KmsFault, KmsHarness } from './kms-harness.ts';

const CONTEXT: EncryptionContext = {
  acct: 'acme',
  srvId: '0001',
  type: 'MeetingWebinarRecording',
  id: '097A7CAE-21ED-4EBB-A062-09B685BD492E',
  timestamp: '1659431372',
};
const CALL: KmsCall = { timeoutMs: 10_000 };
const SHORT_MS = 300;
/** A call ends this much after its deadline at the latest. */
const GRACE_MS = 100;

const OPERATIONS: readonly Operation[] = ['generate', 'wrap', 'unwrap', 'describe'];
const WITH_CONTEXT: readonly Operation[] = ['generate', 'wrap', 'unwrap'];

const FAULTS: readonly (readonly [KmsFault, KmsCause, readonly Operation[]])[] = [
  ['throttled', 'THROTTLED', OPERATIONS],
  ['internal error', 'UNREACHABLE', OPERATIONS],
  ['bad gateway', 'UNREACHABLE', OPERATIONS],
  ['refused connection', 'UNREACHABLE', OPERATIONS],
  ['silence', 'UNREACHABLE', OPERATIONS],
  ['reset', 'UNREACHABLE', OPERATIONS],
  ['reset in the answer', 'UNREACHABLE', OPERATIONS],
  ['garbled answer', 'INVALID_RESPONSE', OPERATIONS],
  ['empty answer', 'INVALID_RESPONSE', OPERATIONS],
  ['answer for another key', 'INVALID_RESPONSE', WITH_CONTEXT],
  ['short data key', 'INVALID_RESPONSE', ['generate', 'unwrap']],
  ['no wrapped key', 'INVALID_RESPONSE', ['generate', 'wrap']],
];

/** What every provider must do; see broker/kms/provider.ts. */
export function testKmsProvider(name: string, start: () => Promise<KmsHarness>): void {
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
      await failsWith(t, 'CONTEXT_MISMATCH', provider.unwrap(key, wrapped, context, CALL), title);
    }
  });

  check('the order of a context’s pairs does not matter', async (t, { provider, key }) => {
    const { dataKey, wrapped } = await provider.generate(key, CONTEXT, CALL);
    const reversed = Object.fromEntries(Object.entries(CONTEXT).reverse());
    t.true(sameKey(await provider.unwrap(key, wrapped, reversed, CALL), dataKey));
  });

  check('another key does not unwrap, nor a damaged wrapped key', async (t, { provider, key, otherKey }) => {
    const { wrapped } = await provider.generate(key, CONTEXT, CALL);
    await failsWith(t, 'CONTEXT_MISMATCH', provider.unwrap(otherKey, wrapped, CONTEXT, CALL), 'another key');
    for (const at of [0, Math.floor(wrapped.length / 2), wrapped.length - 1]) {
      const damaged = Uint8Array.from(wrapped, (byte, index) => (index === at ? byte ^ 1 : byte));
      await failsWith(t, 'CONTEXT_MISMATCH', provider.unwrap(key, damaged, CONTEXT, CALL), `byte ${at}`);
    }
    const truncated = wrapped.subarray(0, wrapped.length - 1);
    await failsWith(t, 'CONTEXT_MISMATCH', provider.unwrap(key, truncated, CONTEXT, CALL), 'truncated');
  });

  check('states become causes, and an enabled key works again', async (t, kms) => {
    const { provider, key } = kms;
    const wrapped = await kms.provider.generate(key, CONTEXT, CALL).then((made) => made.wrapped);
    t.like(await provider.describe(key, CALL), { state: 'ENABLED', usable: true });
    kms.disable(key);
    t.like(await provider.describe(key, CALL), { state: 'DISABLED' });
    for (const operation of WITH_CONTEXT) {
      await failsWith(t, 'KEY_DISABLED', perform(kms, operation, key, wrapped), operation);
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
    t.like(await provider.describe(otherKey, CALL), { state: 'PENDING_DELETION' });
    for (const operation of WITH_CONTEXT) {
      await failsWith(t, 'KEY_PENDING_DELETION', perform(kms, operation, otherKey, wrapped), operation);
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
    await failsWith(
      t,
      'PERMISSION_REVOKED',
      provider.unwrap(key, two.wrapped, denied, CALL),
      'denied context',
    );
  });

  check('a missing key, a key of another kind and unknown credentials have their causes', async (t, kms) => {
    const { wrapped } = await kms.provider.generate(kms.key, CONTEXT, CALL);
    for (const operation of OPERATIONS) {
      const cause = kms.missingKeyCause ?? 'KEY_NOT_FOUND';
      await failsWith(t, cause, perform(kms, operation, kms.missingKey, wrapped), operation);
      const strange = { ...kms, provider: kms.stranger };
      await failsWith(t, 'AUTH_FAILED', perform(strange, operation, kms.key, wrapped), operation);
    }
    t.like(await kms.provider.describe(kms.wrongKind, CALL), { state: 'ENABLED', usable: false });
    await t.throwsAsync(kms.provider.generate(kms.wrongKind, CONTEXT, CALL), { instanceOf: KmsError });
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

  for (const [fault, cause, operations] of FAULTS) {
    check(`${fault}: ${cause}, and no longer than the deadline`, async (t, kms) => {
      const spoiled = operations.filter((operation) =>
        fault === 'short data key' && operation === 'generate'
          ? kms.makesDataKeys
          : !kms.blindTo?.[fault]?.includes(operation),
      );
      const { wrapped } = await kms.provider.generate(kms.key, CONTEXT, CALL);
      const breaking = kms.breakWith(fault);
      if (!breaking) {
        t.pass('this KMS cannot fail so');
        return;
      }
      const mend = await breaking;
      for (const operation of spoiled) {
        const startedMs = performance.now();
        const error = await failsWith(
          t,
          cause,
          perform(kms, operation, kms.key, wrapped, { timeoutMs: SHORT_MS }),
          operation,
        );
        t.true(performance.now() - startedMs <= SHORT_MS + GRACE_MS, `${operation} ended in time`);
        t.is(error.retryable, true, operation);
        t.false(error.customerDecision, operation);
      }
      await mend();
      await t.notThrowsAsync(kms.provider.unwrap(kms.key, wrapped, CONTEXT, CALL), 'mended');
    });
  }

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
      t.true(performance.now() - startedMs < GRACE_MS, when);
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
    await eventually(async () => (await kms.connections()) === 0, 2_000);
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
}

/** Every KMS can fail to answer. */
async function broken(kms: KmsHarness, fault: KmsFault): Promise<() => Promise<void>> {
  const mend = await kms.breakWith(fault);
  if (!mend) throw new Error(`expected a KMS that can break: ${fault}`);
  return mend;
}

async function perform(
  { provider }: Pick<KmsHarness, 'provider'>,
  operation: Operation,
  reference: string,
  wrapped: Uint8Array,
  call: KmsCall = CALL,
): Promise<unknown> {
  switch (operation) {
    case 'generate':
      return provider.generate(reference, CONTEXT, call);
    case 'wrap':
      return provider.wrap(reference, DataKey.generate(), CONTEXT, call);
    case 'unwrap':
      return provider.unwrap(reference, wrapped, CONTEXT, call);
    case 'describe':
      return provider.describe(reference, call);
  }
}

async function failsWith(
  t: ExecutionContext,
  cause: KmsCause,
  call: Promise<unknown>,
  title: string,
): Promise<KmsError> {
  const error = await t.throwsAsync(call, { instanceOf: KmsError }, title);
  t.is(error.kmsCause, cause, title);
  return error;
}

function sameKey(one: DataKey, other: DataKey): boolean {
  return one.keyObject.equals(other.keyObject);
}
