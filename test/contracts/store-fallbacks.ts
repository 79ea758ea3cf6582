import type { DataKeyRecord, FallbackEpisode, FallbackPolicy, Kek } from '../../broker/model/types.ts';
import type { FallbackStart, Store } from '../../broker/store/store.ts';
import { CmkError } from '../../core/errors.ts';
import { aDataKey, anAlert, anAsset, anAuditEvent, withAccount, withKek } from '../support/stored-facts.ts';
import type { StoreCase } from './store.ts';

const UNLIMITED: FallbackPolicy = { mode: 'ANY', maxHours: null, maxAssets: null };
const AT = 1_700_000_000_000;
const HOUR_MS = 3_600_000;

function fallBack(
  store: Store,
  kek: Kek,
  id: string,
  facts: Partial<FallbackStart> = {},
): Promise<DataKeyRecord> {
  const record = aDataKey(kek, { asset: anAsset({ id }), protection: 'FALLBACK_KEY' });
  const start = {
    kekId: kek.id,
    cause: 'KMS_UNREACHABLE',
    at: AT,
    nextProbeAt: AT + 60_000,
    check: () => undefined,
  };
  return store.fallbacks.insertDataKey(
    record,
    anAuditEvent(),
    { ...start, ...facts },
    anAlert({}, { kekId: kek.id }),
  );
}

/** What accounts want when their key fails, and when the platform key stands in. */
export const fallbackCases: Record<string, StoreCase> = {
  'an account’s fallback is off until it is set, and outlives the account’s other facts': async (
    t,
    store,
  ) => {
    t.is(await store.fallbacks.findPolicy('acme'), null);
    await t.throwsAsync(store.fallbacks.setPolicy('acme', UNLIMITED, anAuditEvent()), { code: 'CONFLICT' });
    await withAccount(store);
    t.deepEqual(await store.fallbacks.findPolicy('acme'), { mode: 'OFF', maxHours: null, maxAssets: null });
    const policy = { mode: 'OUTAGE', maxHours: 12, maxAssets: 1000 } as const;
    await store.fallbacks.setPolicy('acme', policy, anAuditEvent({ detail: 'fallback OUTAGE' }));
    await withAccount(store);
    t.deepEqual(await store.fallbacks.findPolicy('acme'), policy);
    t.deepEqual((await store.coverage('acme', 'owner', '0001', 'Any'))?.fallback, policy);
    t.true((await store.listAudit('acme', 10)).some(({ detail }) => detail === 'fallback OUTAGE'));
  },

  'what a service should do is FAIL_ASSET unless the account wants otherwise': async (t, store) => {
    await withAccount(store);
    const wishOf = async () => (await store.coverage('acme', 'owner', '0002', 'PhoneRecording'))?.onFailure;
    t.is(await wishOf(), 'FAIL_ASSET');
    await store.fallbacks.setWish('acme', '0002', 'PhoneRecording', 'DROP_SESSION', anAuditEvent());
    await store.fallbacks.setWish('acme', '0002', 'PhoneRecording', 'DROP_SESSION', anAuditEvent());
    t.is(await wishOf(), 'DROP_SESSION');
    t.deepEqual(await store.fallbacks.listWishes('acme'), [
      { srvId: '0002', type: 'PhoneRecording', wish: 'DROP_SESSION' },
    ]);
    await store.fallbacks.setWish('acme', '0002', 'PhoneRecording', 'FAIL_ASSET', anAuditEvent());
    t.is(await wishOf(), 'FAIL_ASSET');
    t.deepEqual(await store.fallbacks.listWishes('acme'), []);
  },

  'the first data key begins an episode, and the others are counted in it': async (t, store) => {
    const kek = await withKek(store);
    t.is(await store.fallbacks.findEpisode('acme'), null);
    await Promise.all(Array.from({ length: 10 }, (_, i) => fallBack(store, kek, `meeting-${i}`)));
    const episode = await store.fallbacks.findEpisode('acme');
    t.like(episode, { kekId: kek.id, assets: 10, probes: 0, startedAt: AT, endedAt: null });
    t.is((await store.fallbacks.listEpisodes('acme', 10)).length, 1);
    const again = await fallBack(store, kek, 'meeting-1');
    t.is(again.asset.id, 'meeting-1');
    t.is(
      (await store.fallbacks.findEpisode('acme'))?.assets,
      10,
      'an asset that has a data key is not counted',
    );
  },

  'what the check refuses is not stored, however many come at once': async (t, store) => {
    const kek = await withKek(store);
    const full = new CmkError('CONFLICT', 'full');
    const check = ({ assets }: FallbackEpisode) => {
      if (assets >= 3) throw full;
    };
    const calls = Array.from({ length: 10 }, (_, i) => fallBack(store, kek, `meeting-${i}`, { check }));
    const outcomes = await Promise.allSettled(calls);
    t.is(outcomes.filter(({ status }) => status === 'fulfilled').length, 3);
    t.is((await store.fallbacks.findEpisode('acme'))?.assets, 3);
    for (const [i, outcome] of outcomes.entries()) {
      const stored = await store.findNewestDataKey(anAsset({ id: `meeting-${i}` }));
      t.is(stored !== null, outcome.status === 'fulfilled');
      if (outcome.status === 'rejected') t.is(outcome.reason, full);
    }
  },

  'the check is given the episode that lasts': async (t, store) => {
    const kek = await withKek(store);
    const given: FallbackEpisode[] = [];
    const check = (episode: FallbackEpisode) => void given.push(episode);
    await fallBack(store, kek, 'first', { check });
    await fallBack(store, kek, 'second', { check, at: AT + HOUR_MS });
    t.deepEqual(
      given.map(({ account, startedAt, assets }) => ({ account, startedAt, assets })),
      [0, 1].map((assets) => ({ account: 'acme', startedAt: AT, assets })),
    );
  },

  'a due episode is claimed by one broker, and by another after the claim': async (t, store) => {
    const kek = await withKek(store);
    await fallBack(store, kek, 'first');
    const due = AT + 60_000;
    t.deepEqual(await store.fallbacks.claimEpisodes(due - 1, due + 10, 10), []);
    const claims = await Promise.all(
      Array.from({ length: 4 }, () => store.fallbacks.claimEpisodes(due, due + 60_000, 10)),
    );
    t.is(claims.flat().length, 1);
    t.is((await store.fallbacks.claimEpisodes(due + 60_000, due + 120_000, 10)).length, 1);
    const [episode] = claims.flat();
    await store.fallbacks.probeFailed(episode?.id ?? '', {
      cause: 'KEY_DISABLED',
      nextProbeAt: due + 500_000,
    });
    t.like(await store.fallbacks.findEpisode('acme'), {
      probes: 1,
      cause: 'KEY_DISABLED',
      nextProbeAt: due + 500_000,
    });
  },

  'an episode ends once, and the next one begins anew': async (t, store) => {
    const kek = await withKek(store);
    await fallBack(store, kek, 'first');
    const { id } = (await store.fallbacks.findEpisode('acme')) ?? { id: '' };
    t.true(await store.fallbacks.endEpisode(id, AT + 5, anAuditEvent({ detail: 'ended' }), anAlert()));
    t.false(await store.fallbacks.endEpisode(id, AT + 6, anAuditEvent({ detail: 'ended again' }), anAlert()));
    t.is(await store.fallbacks.findEpisode('acme'), null);
    t.deepEqual(await store.fallbacks.claimEpisodes(AT + HOUR_MS, AT + 2 * HOUR_MS, 10), []);
    await fallBack(store, kek, 'second', { at: AT + 10 });
    t.like(await store.fallbacks.findEpisode('acme'), { assets: 1, startedAt: AT + 10 });
    const episodes = await store.fallbacks.listEpisodes('acme', 10);
    t.deepEqual(
      episodes.map(({ endedAt }) => endedAt),
      [null, AT + 5],
    );
    t.false((await store.listAudit('acme', 50)).some(({ detail }) => detail === 'ended again'));
  },
};
