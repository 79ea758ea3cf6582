import test from 'ava';
import { grantDataKey, withPlaintext } from '../../../broker/keys/grant.ts';
import type { LeasedKey } from '../../../broker/keys/leased-keys.ts';
import type { Admitted } from '../../../broker/keys/access.ts';
import { DataKey } from '../../../core/data-key.ts';
import { PATIENT } from '../../support/key-world.ts';
import { aDataKey, aKek } from '../../support/stored-facts.ts';

test('the bytes lent for an answer are overwritten, also when the answer fails', (t) => {
  const dataKey = DataKey.generate();
  const lent: Buffer[] = [];
  withPlaintext({ dataKey }, (key) => {
    t.true(key.equals(dataKey.copyBytes()));
    lent.push(key);
  });
  t.throws(() =>
    withPlaintext({ dataKey }, (key) => {
      lent.push(key);
      throw new Error('cannot be sent');
    }),
  );
  for (const key of lent) t.deepEqual(key, Buffer.alloc(32));
});

const RECORD = aDataKey(aKek());

/** Lends keys of which so many are over by the time that the answer is ready. */
function lender(over: number) {
  const lent: LeasedKey[] = [];
  const recorded: unknown[] = [];
  const parts = {
    leasedKeys: {
      lend: () => {
        const source = lent.length === 0 ? ('CACHE' as const) : ('KMS' as const);
        const facts = {
          dataKeyId: 'd',
          kekId: 'k',
          keyInUse: 'r',
          leaseEndsMs: 0,
          position: 0,
          revocations: 0,
        };
        const leased = { ...facts, dataKey: DataKey.generate(), source };
        lent.push(leased);
        return Promise.resolve(leased);
      },
      remainingMs: (leased: LeasedKey) => (lent.indexOf(leased) < over ? null : 7_000),
    },
    ledger: { record: ({ source }: { source?: unknown }) => Promise.resolve(void recorded.push(source)) },
    reporters: { note: () => Promise.resolve() },
  };
  return { lent, recorded, parts };
}

test('a lease that ends while its event is written down is asked for again, once', async (t) => {
  const attempt = {} as unknown as Admitted;
  const options = { signal: PATIENT, holder: null, alreadyRecorded: true };
  const slow = lender(1);
  const grant = await grantDataKey(slow.parts, attempt, RECORD, options);
  t.is(grant.leaseMs, 7_000);
  t.deepEqual(slow.recorded, ['KMS'], 'the second is an event of its own');
  t.throws(() => slow.lent[0]?.dataKey.copyBytes());
  t.notThrows(() => grant.dataKey.copyBytes());

  const slower = lender(2);
  await t.throwsAsync(grantDataKey(slower.parts, attempt, RECORD, options), {
    code: 'KMS_UNREACHABLE',
  });
  t.is(slower.lent.length, 2);
  for (const { dataKey } of slower.lent) t.throws(() => dataKey.copyBytes());
});
