import type { AuditEvent } from '../../broker/model/types.ts';
import { uuidv7 } from '../../broker/model/uuid.ts';
import { openStore } from '../../broker/store/open-store.ts';
import type { ActivityFilter, HourSpan, KmsTally, Store } from '../../broker/store/store.ts';
import { anAsset, anAuditEvent } from '../support/stored-facts.ts';
import type { StoreCase } from './store.ts';

const HOUR_MS = 3_600_000;
/** The beginning of an hour, long enough from now that no id is given another time. */
const START = (Math.floor(Date.now() / HOUR_MS) + 24) * HOUR_MS;
const FIRST_HOUR = START / HOUR_MS;
const ASSET = anAsset();
const OTHER = anAsset({ srvId: '0003', type: 'PhoneVoicemail', id: 'v' });

let count = 0;

function eventAt(ms: number, facts: Partial<AuditEvent> = {}): AuditEvent {
  return anAuditEvent({ at: START + ms, id: uuidv7(START + ms), detail: `event ${++count}`, ...facts });
}

/** One event a minute, oldest first. */
function history(): AuditEvent[] {
  const minute = 60_000;
  return [
    eventAt(0, { action: 'ISSUE', asset: ASSET, kekId: 'k1', source: 'KMS', reason: 'STORAGE' }),
    eventAt(minute, { action: 'RESOLVE', asset: ASSET, kekId: 'k1', source: 'CACHE', reason: 'LEGAL' }),
    eventAt(2 * minute, { action: 'RESOLVE', asset: OTHER, outcome: 'REFUSED', actor: 'stranger' }),
    eventAt(3 * minute, { account: 'globex', action: 'RESOLVE', asset: ASSET }),
    eventAt(4 * minute),
    eventAt(5 * minute, { action: 'USE', asset: ASSET, kekId: 'k2', outcome: 'FAILED' }),
  ];
}

async function allPages(store: Store, filter: ActivityFilter, limit: number): Promise<AuditEvent[]> {
  const seen: AuditEvent[] = [];
  let before: string | null = null;
  do {
    const page: Awaited<ReturnType<Store['activity']['list']>> = await store.activity.list(
      'acme',
      filter,
      before,
      limit,
    );
    seen.push(...page.events);
    before = page.next;
  } while (before !== null);
  return seen;
}

/** The ledger as people look through it, and its sums. */
export const activityCases: Record<string, StoreCase> = {
  'activity is an account’s own, newest first, page by page': async (t, store) => {
    const events = history();
    await store.appendAudit(events);
    const own = events.filter(({ account }) => account === 'acme').toReversed();
    for (const limit of [1, 2, 5, 100]) t.deepEqual(await allPages(store, {}, limit), own, String(limit));
    t.is((await store.activity.list('acme', {}, null, 5)).next, null);
    t.is((await store.activity.list('acme', {}, null, 4)).next, own[3]?.id ?? '');
  },

  'activity is filtered': async (t, store) => {
    const events = history();
    await store.appendAudit(events);
    const rows: [string, ActivityFilter, number[]][] = [
      ['an action', { actions: ['ISSUE'] }, [0]],
      ['actions', { actions: ['ISSUE', 'USE'] }, [5, 0]],
      ['administrative acts', { actions: ['ADMINISTER', 'MOVE'] }, [4]],
      ['refusals and failures', { outcomes: ['REFUSED', 'FAILED'] }, [5, 2]],
      ['refusals', { outcomes: ['REFUSED'] }, [2]],
      ['both', { outcomes: ['FAILED'], actions: ['RESOLVE'] }, []],
      ['a reason', { reasons: ['LEGAL'] }, [1]],
      ['a service', { srvId: '0003' }, [2]],
      ['a type', { type: 'PhoneVoicemail' }, [2]],
      ['an id', { assetId: ASSET.id }, [5, 1, 0]],
      ['an asset', { srvId: ASSET.srvId, type: ASSET.type, assetId: ASSET.id }, [5, 1, 0]],
      ['an actor', { actor: 'stranger' }, [2]],
      ['a key', { kekId: 'k1' }, [1, 0]],
      ['from a time on', { from: START + 4 * 60_000 }, [5, 4]],
      ['up to a time', { until: START + 60_000 }, [1, 0]],
      ['between times', { from: START + 60_000, until: START + 2 * 60_000 }, [2, 1]],
    ];
    for (const [name, filter, expected] of rows) {
      const wanted = expected.map((index) => events[index]);
      for (const limit of [1, 100])
        t.deepEqual(await allPages(store, filter, limit), wanted as AuditEvent[], name);
    }
    const page = await store.activity.ofAsset(ASSET, null, 2);
    t.deepEqual(page, { events: [events[5], events[1]] as AuditEvent[], next: events[1]?.id ?? null });
  },

  'a filter that finds little gives short pages, and misses nothing': async (t, store) => {
    const rare = anAuditEvent({ actor: 'rare' });
    const many = Array.from({ length: 20_001 }, () => anAuditEvent());
    await store.appendAudit([rare, ...many]);
    const first = await store.activity.list('acme', { actor: 'rare' }, null, 10);
    t.deepEqual(first.events, []);
    t.true(first.next !== null);
    t.deepEqual(await allPages(store, { actor: 'rare' }, 10), [rare]);
  },

  'the ledger is counted by the hour, once however many count': async (t, store, { location }) => {
    const other = await openStore(location);
    t.teardown(() => other.close());
    const use = {
      action: 'USE',
      source: 'SIDECAR_CACHE',
      kekId: 'k',
      asset: ASSET,
      operation: 'OPEN',
    } as const;
    const refused = { action: 'RESOLVE', outcome: 'REFUSED' } as const;
    await store.appendAudit([
      eventAt(0, { ...use, count: 7 }),
      eventAt(HOUR_MS - 1, { ...use, count: 2 }),
      eventAt(HOUR_MS, { ...use, count: 1 }),
      eventAt(0, { ...refused, detail: 'CONTEXT_MISMATCH: the header’s' }),
      eventAt(0, { ...refused, detail: 'DATA_KEY_UNKNOWN: no such' }),
      eventAt(0, { ...refused, detail: 'instance 1: whatever outsiders say' }),
      eventAt(0, { ...refused, detail: null }),
      eventAt(0, { action: 'ISSUE', source: 'KMS', kekId: 'k', detail: 'OWNER_COVERED' }),
      eventAt(0, { action: 'ADMINISTER', detail: 'REVOKE: not a cause' }),
      eventAt(0, { action: 'GAP', outcome: 'FAILED', count: 1_000, detail: 'LOST: of a kind' }),
      eventAt(0, { ...use, account: 'globex', count: 9 }),
    ]);
    t.deepEqual((await store.tallies.uncounted(10)).toSorted(), ['acme', 'globex']);
    await Promise.all([store, other, store, other].map((each) => each.tallies.count('acme')));
    t.deepEqual(await store.tallies.uncounted(10), ['globex']);
    await store.appendAudit([eventAt(0, { ...use, count: 1 })]);
    await store.tallies.count('acme');
    await store.tallies.count('nobody');

    const day: HourSpan = { fromHour: FIRST_HOUR, untilHour: FIRST_HOUR + 24 };
    const hour = FIRST_HOUR;
    const nothing = { hour, kekId: null, source: null, cause: null, outcome: 'ALLOWED' } as const;
    const one = { events: 1, uses: 1 };
    const refusal = { ...nothing, ...refused, ...one };
    t.deepEqual(await other.tallies.ledger('acme', day), [
      { ...nothing, action: 'ADMINISTER', ...one },
      { ...nothing, action: 'GAP', outcome: 'FAILED', events: 1, uses: 0 },
      { ...refusal, events: 2, uses: 2 },
      { ...refusal, cause: 'CONTEXT_MISMATCH' },
      { ...refusal, cause: 'DATA_KEY_UNKNOWN' },
      { ...nothing, action: 'ISSUE', kekId: 'k', source: 'KMS', cause: 'OWNER_COVERED', ...one },
      { ...nothing, action: 'USE', kekId: 'k', source: 'SIDECAR_CACHE', events: 3, uses: 10 },
      { ...nothing, hour: hour + 1, action: 'USE', kekId: 'k', source: 'SIDECAR_CACHE', ...one },
    ]);
    t.is((await store.tallies.ledger('acme', day, 'k')).length, 3);
    t.is((await store.tallies.ledger('acme', { fromHour: hour + 1, untilHour: hour + 2 })).length, 1);
    t.deepEqual(await store.tallies.ledger('globex', day), []);
    const uses = (await store.tallies.ledger('acme', { ...day, bucketHours: 24 }, 'k')).filter(
      ({ action }) => action === 'USE',
    );
    const { fromHour } = day;
    const days = [fromHour, fromHour + 1].map((each) => each - (each % 24));
    t.deepEqual([...new Set(uses.map((each) => each.hour))], [...new Set(days)]);
    t.is(
      uses.reduce((sum, each) => sum + each.uses, 0),
      11,
    );
  },

  'more events than one transaction counts': async (t, store) => {
    await store.appendAudit(Array.from({ length: 10_500 }, () => eventAt(0)));
    await store.tallies.count('acme');
    const [tally] = await store.tallies.ledger('acme', { fromHour: FIRST_HOUR, untilHour: FIRST_HOUR + 1 });
    t.is(tally?.events, 10_500);
  },

  'KMS calls add up, whoever adds': async (t, store, { location }) => {
    const other = await openStore(location);
    t.teardown(() => other.close());
    const tally = (facts: Partial<KmsTally>): KmsTally => ({
      account: 'acme',
      hour: FIRST_HOUR,
      kekId: 'k',
      reference: 'arn',
      operation: 'unwrap',
      result: 'OK',
      calls: 1,
      ...facts,
    });
    const throttled = tally({ result: 'THROTTLED', calls: 3 });
    const platform = tally({ account: null });
    await Promise.all([
      store.tallies.addKms([tally({ calls: 5 }), throttled, platform]),
      other.tallies.addKms([throttled, tally({ calls: 2 })]),
    ]);
    await store.tallies.addKms([]);
    const span = { fromHour: FIRST_HOUR, untilHour: FIRST_HOUR + 1 };
    t.deepEqual(await store.tallies.kms('acme', span), [tally({ calls: 7 }), { ...throttled, calls: 6 }]);
    t.deepEqual(await store.tallies.kms('acme', { fromHour: 0, untilHour: FIRST_HOUR }), []);
  },
};
