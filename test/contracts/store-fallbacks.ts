import type { MoveKind } from '../../broker/model/moves.ts';
import type { DataKeyRecord, FallbackEpisode, FallbackPolicy, Kek } from '../../broker/model/types.ts';
import { uuidv7 } from '../../broker/model/uuid.ts';
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

const protectionOf = async (store: Store, id: string) =>
  (await store.findNewestDataKey(anAsset({ id })))?.protection;

/** What accounts want when their key fails, and when the platform key stands in. */
export const fallbackCases: Record<string, StoreCase> = {
  'an account’s fallback is off until it is set, and outlives the account’s other facts': async (
    t,
    store,
  ) => {
    t.is(await store.fallbacks.findPolicy('acme'), null);
    await t.throwsAsync(store.fallbacks.setPolicy('acme', UNLIMITED, anAuditEvent()), { code: 'CONFLICT' });
    await withAccount(store);
    const off = { value: { mode: 'OFF', maxHours: null, maxAssets: null }, version: 1 } as const;
    t.deepEqual(await store.fallbacks.findPolicy('acme'), off);
    const policy = { mode: 'OUTAGE', maxHours: 12, maxAssets: 1000 } as const;
    const audit = anAuditEvent({ detail: 'fallback OUTAGE' });
    const stored = await store.fallbacks.setPolicy('acme', policy, audit, (before) =>
      t.deepEqual(before, off),
    );
    t.deepEqual(stored, { value: policy, version: 2 });
    await withAccount(store);
    const refuse = () => {
      throw new CmkError('STALE_VERSION', 'no');
    };
    await t.throwsAsync(store.fallbacks.setPolicy('acme', UNLIMITED, anAuditEvent(), refuse), {
      code: 'STALE_VERSION',
    });
    t.deepEqual(await store.fallbacks.findPolicy('acme'), stored);
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

  'without a licence an episode ends with its data keys where they are, with one it does not': async (
    t,
    store,
  ) => {
    await fallBack(store, await withKek(store, { account: null }), 'meeting');
    const episode = (await store.fallbacks.findEpisode('acme')) ?? { id: '', account: 'acme' };
    const end = () =>
      store.fallbacks.endWithoutLicence(episode, AT + 5, (staying) =>
        anAuditEvent({ detail: `${staying} stay` }),
      );
    const protection = () => protectionOf(store, 'meeting');
    t.false(await end());
    t.is(await protection(), 'FALLBACK_KEY');
    t.like(await store.fallbacks.findEpisode('acme'), { endedAt: null });

    await store.putAccount({ id: 'acme', name: 'Acme', licence: 'NONE' }, anAuditEvent());
    t.true(await end());
    t.false(await end());
    t.is(await protection(), 'PLATFORM_KEY');
    t.is(await store.fallbacks.findEpisode('acme'), null);
    const details = (await store.listAudit('acme', 50)).map(({ detail }) => detail);
    t.is(details.filter((detail) => detail === '1 stay').length, 1);
  },

  'what a move takes back from the key in use is not to be recovered, from its start to its end': async (
    t,
    store,
  ) => {
    const platform = await withKek(store, { account: null });
    const old = await withKek(store, { createdAt: 1, lifecycle: 'DECRYPT_ONLY' });
    const inUse = await withKek(store, { createdAt: 2, lifecycle: 'ACTIVE' });
    const start = (kind: MoveKind, { id: from }: Kek, srvId: string, target = platform.id) => {
      const selection = { kekIds: [from], srvId };
      const plan = { account: 'acme', kind, selection, target, id: uuidv7(AT), startedAt: AT };
      return store.moves.start(plan, (total, staying) => anAuditEvent({ detail: `${total} and ${staying}` }));
    };
    const ends = async (nowMs: number) => {
      const claimed = await store.moves.claim(nowMs, nowMs + 1);
      const claim = { id: claimed?.move.id ?? '', claim: claimed?.claim ?? '' };
      return store.moves.finish(claim, nowMs, (_, __, staying) => ({
        audit: anAuditEvent({ detail: `${staying} late` }),
        alerts: [],
      }));
    };
    const told = async () => (await store.listAudit('acme', 1))[0]?.detail;
    await fallBack(store, platform, 'meeting');

    await start('SHRINK', old, '0001');
    t.is(await told(), '0 and 0', 'a key that is not in use has nothing to be recovered');
    t.true(await ends(AT));
    await start('ROTATE', old, '0001', inUse.id);
    t.true(await ends(AT));
    await start('SHRINK', inUse, '0002');
    t.true(await ends(AT));
    t.is(await told(), '0 late', 'of another service');
    t.is(await protectionOf(store, 'meeting'), 'FALLBACK_KEY');

    await start('SHRINK', inUse, '0001');
    t.is(await told(), '0 and 1');
    t.is(await protectionOf(store, 'meeting'), 'PLATFORM_KEY');
    await fallBack(store, platform, 'late');
    t.true(await ends(AT));
    t.is(await told(), '1 late');
    t.is(await protectionOf(store, 'late'), 'PLATFORM_KEY');
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
