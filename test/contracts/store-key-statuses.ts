import { unknownStatus, type KeyStatusPlace, type KeyStatusRecord } from '../../broker/model/key-status.ts';
import { newAlert } from '../../broker/model/alerts.ts';
import type { Kek } from '../../broker/model/types.ts';
import { openStore } from '../../broker/store/open-store.ts';
import type { KeyStatusChange } from '../../broker/store/store.ts';
import { anAuditEvent, withKek } from '../support/stored-facts.ts';
import type { StoreCase } from './store.ts';

const NOW = 1_700_000_000_000;
const QUIET = { audit: null, alerts: [] } as const;

const placeOf = (kek: Kek, facts: Partial<KeyStatusPlace> = {}): KeyStatusPlace => ({
  kekId: kek.id,
  reference: kek.references[0],
  use: 'DECRYPT',
  ...facts,
});
const failing = (stored: KeyStatusRecord): KeyStatusChange => ({
  record: { ...stored, status: 'FAILED', cause: 'KEY_DISABLED', lastFailureAt: NOW, failingSince: NOW },
  ...QUIET,
});
const working = (stored: KeyStatusRecord): KeyStatusChange => ({
  record: { ...stored, status: 'OK', cause: null, lastSuccessAt: NOW + 1, failingSince: null },
  ...QUIET,
});
const claim = (nowMs: number, limit = 10) => ({ nowMs, untilMs: nowMs + 10_000, limit });

/** How the uses of keys and replicas go. */
export const keyStatusCases: Record<string, StoreCase> = {
  'a status begins as unknown, and comes back as it was stored': async (t, store) => {
    const kek = await withKek(store, { references: ['first', 'second'] });
    const other = await withKek(store);
    t.deepEqual(await store.keyStatuses.list([kek.id]), []);
    const places = [placeOf(kek), placeOf(kek, { use: 'ENCRYPT' }), placeOf(kek, { reference: 'second' })];
    const seen: KeyStatusRecord[] = [];
    const change = (stored: KeyStatusRecord) => (seen.push(stored), failing(stored));
    const stored = await store.keyStatuses.apply(places, change);
    t.is(stored.length, 3);
    for (const place of places) t.true(seen.some((each) => sameAs(each, unknownStatus(place))));
    t.deepEqual(await store.keyStatuses.list([kek.id, other.id]), stored.toSorted(byPlace));
    t.deepEqual(await store.keyStatuses.list([other.id]), []);
    await store.keyStatuses.apply([placeOf(kek)], working);
    const [first] = await store.keyStatuses.list([kek.id]);
    t.like(first, {
      status: 'OK',
      cause: null,
      lastSuccessAt: NOW + 1,
      lastFailureAt: NOW,
      failingSince: null,
    });
  },

  'what is told of a change is stored with it, or neither is': async (t, store) => {
    const kek = await withKek(store);
    const audit = anAuditEvent({ action: 'STATUS', kekId: kek.id });
    const facts = { kind: 'KEY_STATUS', reference: 'r', use: 'DECRYPT', from: 'OK', to: 'FAILED' } as const;
    const alert = newAlert(NOW, { account: 'acme', kekId: kek.id }, { ...facts, cause: 'KEY_DISABLED' });
    const change = (stored: KeyStatusRecord) => ({ ...failing(stored), audit, alerts: [alert] });
    await store.keyStatuses.apply([placeOf(kek)], change);
    t.deepEqual((await store.listAudit('acme', 1))[0], audit);
    t.is((await store.alerts.list('acme', 10)).length, 1);
    // The same event twice is a conflict.
    const again = (stored: KeyStatusRecord) => ({ ...working(stored), audit });
    await t.throwsAsync(store.keyStatuses.apply([placeOf(kek)], again), { code: 'CONFLICT' });
    t.is((await store.keyStatuses.list([kek.id]))[0]?.status, 'FAILED');
  },

  'of a reference that is not the key’s nothing is stored': async (t, store) => {
    const kek = await withKek(store);
    const other = await withKek(store);
    const places = [placeOf(kek, { reference: other.references[0] }), placeOf(kek, { kekId: 'unknown' })];
    t.deepEqual(await store.keyStatuses.apply(places, failing), []);
    t.deepEqual(await store.keyStatuses.list([kek.id, other.id, 'unknown']), []);
  },

  'of many that change one status at once none is lost': async (t, store, { location }) => {
    const kek = await withKek(store, { references: ['first', 'second'] });
    const second = await openStore(location);
    t.teardown(() => second.close());
    const places = kek.references.map((reference) => placeOf(kek, { reference }));
    const count = (stored: KeyStatusRecord) => ({
      record: { ...stored, lastSuccessAt: (stored.lastSuccessAt ?? 0) + 1 },
      ...QUIET,
    });
    await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        (index % 2 ? store : second).keyStatuses.apply(index % 3 ? places : places.toReversed(), count),
      ),
    );
    const counts = (await store.keyStatuses.list([kek.id])).map(({ lastSuccessAt }) => lastSuccessAt);
    t.deepEqual(counts, [40, 40]);
  },

  'what is in trouble is claimed by one broker at a time, until it works again': async (
    t,
    store,
    { location },
  ) => {
    const keks = await Promise.all([withKek(store), withKek(store), withKek(store)]);
    const second = await openStore(location);
    t.teardown(() => second.close());
    for (const kek of keks) await store.keyStatuses.apply([placeOf(kek)], failing);
    t.deepEqual(await store.keyStatuses.claimProbes(claim(NOW - 1)), []);
    const claims = await Promise.all(
      [store, second, store, second].map((each) => each.keyStatuses.claimProbes(claim(NOW, 2))),
    );
    const claimed = claims.flat().map(({ kekId }) => kekId);
    t.deepEqual(claimed.toSorted(), keks.map(({ id }) => id).toSorted(), 'each once');
    t.deepEqual(await store.keyStatuses.claimProbes(claim(NOW + 9_999)), []);
    // It fails on: its turn comes when it was to come.
    const [first, dropped, worked] = keks;
    await store.keyStatuses.apply([placeOf(first)], failing);
    await store.keyStatuses.apply([placeOf(worked)], working);
    await store.keyStatuses.dropProbe(placeOf(dropped));
    t.deepEqual(await store.keyStatuses.claimProbes(claim(NOW + 9_999)), []);
    const [again, ...others] = await store.keyStatuses.claimProbes(claim(NOW + 10_000));
    t.like(again, { ...placeOf(first), status: 'FAILED', cause: 'KEY_DISABLED' });
    t.is(others.length, 0);
    t.is((await store.keyStatuses.list([dropped.id]))[0]?.status, 'FAILED');
  },
};

const nameOf = ({ kekId, reference, use }: KeyStatusPlace) => `${kekId} ${reference} ${use}`;
const byPlace = (a: KeyStatusPlace, b: KeyStatusPlace) => (nameOf(a) < nameOf(b) ? -1 : 1);
const sameAs = (a: KeyStatusRecord, b: KeyStatusRecord) => JSON.stringify(a) === JSON.stringify(b);
