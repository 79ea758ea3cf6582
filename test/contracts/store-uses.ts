import type { UseReport } from '../../broker/model/types.ts';
import { openStore } from '../../broker/store/open-store.ts';
import { anAsset, anAuditEvent, aDataKey, withKek } from '../support/stored-facts.ts';
import type { StoreCase } from './store.ts';

const INSTANCE = '00000000-0000-4000-8000-000000000001';
const SPIFFE_ID = 'spiffe://cmk.test/service/0001';

function aReport(facts: Partial<UseReport> = {}): UseReport {
  return {
    instance: INSTANCE,
    spiffeId: SPIFFE_ID,
    sequence: 1,
    heardAt: 10_000,
    coveredUntil: 10_000,
    patienceMs: 1_000,
    final: false,
    ...facts,
  };
}

const HOLDER = { instance: INSTANCE, spiffeId: SPIFFE_ID, heardAt: 5_000, patienceMs: 60_000 };
const LEASE = { account: 'acme', srvId: '0001', until: 300_000 };

/** Who owes reports of uses, and what they report. */
export const useCases: Record<string, StoreCase> = {
  'a report is recorded once, however often it comes': async (t, store, { location }) => {
    const other = await openStore(location);
    t.teardown(() => other.close());
    const befores: number[] = [];
    const record = (sequence: number, writer = store) =>
      writer.recordUses(aReport({ sequence }), (before) => {
        befores.push(before);
        return [anAuditEvent({ count: sequence })];
      });
    t.true(await record(1));
    t.false(await record(1));
    const both = await Promise.all([record(2), record(2, other)]);
    t.deepEqual(both.toSorted(), [false, true]);
    t.false(await record(1));
    t.true(await record(5));
    t.is(befores.at(-1), 2, 'so that whoever appends can tell that some are missing');
    const counts = (await store.ledgerAfter('acme', 0, 10)).map(({ count }) => count);
    t.deepEqual(counts, [1, 2, 5]);
    const thief = aReport({ sequence: 6, spiffeId: 'spiffe://cmk.test/service/0002' });
    await t.throwsAsync(
      store.recordUses(thief, () => []),
      { code: 'CONFLICT' },
    );
  },

  'nobody gives signs of life for another identity’s process': async (t, store) => {
    await store.noteLease(HOLDER, LEASE);
    const other = { ...HOLDER, spiffeId: 'spiffe://cmk.test/service/0002', heardAt: 60_000 };
    await t.throwsAsync(store.noteLease(other, { ...LEASE, srvId: '0002' }), { code: 'CONFLICT' });
    const [silent] = await store.silentReporters(66_001, 60_000, 10);
    t.like(silent, { spiffeId: SPIFFE_ID, heardAt: 5_000, leases: [LEASE] });
  },

  'leases that a report covers are forgotten, so that they do not pile up while a process lives': async (
    t,
    store,
    { harness, location },
  ) => {
    await store.noteLease(HOLDER, { ...LEASE, until: 9_000 });
    await store.noteLease(HOLDER, { ...LEASE, account: 'globex', until: 9_001 });
    const left = async () => {
      // Whatever is still stored counts as not covered.
      await harness.execute(location, 'update use_reporters set covered_until = 0');
      const [silent] = await store.silentReporters(66_001, 60_000, 10);
      return silent?.leases.map(({ account }) => account);
    };
    await store.recordUses(aReport({ coveredUntil: null }), () => []);
    t.deepEqual(await left(), ['acme', 'globex']);
    await store.recordUses(aReport({ sequence: 2, coveredUntil: 9_000 }), () => []);
    t.deepEqual(await left(), ['globex']);
  },

  'who is silent for too long is found, with what it may have used': async (t, store) => {
    await store.noteLease(HOLDER, LEASE);
    await store.noteLease({ ...HOLDER, heardAt: 4_000 }, { ...LEASE, until: 200_000 });
    await store.noteLease({ ...HOLDER, heardAt: 6_000 }, { ...LEASE, account: 'globex', until: 9_000 });
    t.deepEqual(await store.silentReporters(66_000, 60_000, 10), []);
    const reporter = { instance: INSTANCE, spiffeId: SPIFFE_ID };
    const globex = { account: 'globex', srvId: '0001', until: 9_000 };
    t.deepEqual(await store.silentReporters(66_001, 60_000, 10), [
      { ...reporter, heardAt: 6_000, coveredUntil: 5_000, leases: [LEASE, globex] },
    ]);
    t.deepEqual(await store.silentReporters(66_001, 59_999, 10), [], 'nobody could have heard it');

    await store.recordUses(aReport(), () => []);
    t.deepEqual(await store.silentReporters(11_000, 60_000, 10), []);
    t.deepEqual(await store.silentReporters(11_001, 60_000, 10), [
      { ...reporter, heardAt: 10_000, coveredUntil: 10_000, leases: [LEASE] },
    ]);
    await store.recordUses(aReport({ sequence: 2, heardAt: 11_000, coveredUntil: null }), () => []);
    t.like((await store.silentReporters(12_001, 60_000, 10))[0], { heardAt: 11_000, coveredUntil: 10_000 });
  },

  'a gap is declared once': async (t, store, { location }) => {
    const other = await openStore(location);
    t.teardown(() => other.close());
    await store.noteLease(HOLDER, LEASE);
    await store.recordUses(aReport(), () => []);
    const find = async () => (await store.silentReporters(20_000, 60_000, 10))[0] ?? t.fail();
    const silent = await find();
    if (typeof silent === 'boolean') return;
    await store.recordUses(aReport({ sequence: 2, heardAt: 12_000 }), () => []);
    t.false(await store.declareGap(silent, [anAuditEvent()]), 'it was heard of meanwhile');
    const again = await find();
    if (typeof again === 'boolean') return;
    const declared = await Promise.all(
      [store, other, store].map((each) => each.declareGap(again, [anAuditEvent({ action: 'GAP' })])),
    );
    t.deepEqual(declared.toSorted(), [false, false, true]);
    t.is((await store.ledgerAfter('acme', 0, 10)).length, 1);
    t.deepEqual(await store.silentReporters(999_999, 60_000, 10), []);

    t.true(await store.recordUses(aReport({ sequence: 3, heardAt: 30_000, coveredUntil: 30_000 }), () => []));
    t.is((await store.silentReporters(40_000, 60_000, 10)).length, 1, 'one that is back can be lost again');
  },

  'one that sent its last report owes nothing, even if that was a repetition': async (t, store) => {
    await store.noteLease(HOLDER, LEASE);
    await store.recordUses(aReport(), () => []);
    t.false(await store.recordUses(aReport({ final: true }), () => [anAuditEvent()]));
    t.deepEqual(await store.silentReporters(999_999, 60_000, 10), []);
    await store.forgetReporters(10_000);
    t.false(await store.recordUses(aReport({ final: true }), () => [anAuditEvent()]), 'it is known still');
    await store.forgetReporters(10_001);
    t.true(await store.recordUses(aReport(), () => []), 'now it is not');
  },

  'the keys of data keys are told for their own assets alone': async (t, store) => {
    const kek = await withKek(store);
    const record = aDataKey(kek);
    await store.insertDataKey(record, anAuditEvent());
    const { asset, id: dataKeyId } = record;
    const other = anAsset({ id: 'another' });
    const names = [
      { asset: other, dataKeyId },
      { asset, dataKeyId },
      { asset, dataKeyId: INSTANCE },
    ];
    t.deepEqual(await store.kekIdsOf(names), [null, kek.id, null]);
    t.deepEqual(await store.kekIdsOf([]), []);
  },
};
