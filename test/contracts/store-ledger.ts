import type { ExecutionContext } from 'ava';
import type { AuditEvent } from '../../broker/model/types.ts';
import { openStore } from '../../broker/store/open-store.ts';
import type { Store } from '../../broker/store/store.ts';
import { toCmkError } from '../../core/errors.ts';
import { EMPTY_CHAIN, type LedgerRecord } from '../../core/ledger.ts';
import { LedgerVerifier } from '../../core/ledger-verifier.ts';
import { aDataKey, anAsset, anAuditEvent, withKek } from '../support/stored-facts.ts';
import type { StoreCase } from './store.ts';

/** The chains of audit events. */
export const ledgerCases: Record<string, StoreCase> = {
  'each account has a chain, and so have the events without one': async (t, store) => {
    t.deepEqual(await store.ledgerHead('acme'), EMPTY_CHAIN);
    const events = [
      anAuditEvent({ detail: `it's "?" 😀`, source: 'SIDECAR_CACHE', operation: 'OPEN', count: 7, from: 1 }),
      anAuditEvent({ account: 'globex', asset: anAsset(), reason: 'LEGAL', until: 2 }),
      anAuditEvent({ account: null }),
      anAuditEvent({ dataKeyId: 'd', kekId: 'k' }),
    ];
    await store.appendAudit(events);
    await store.appendAudit([anAuditEvent({ account: null })]);
    t.deepEqual(idsOf(await whole(t, store, 'acme')), idsOf([events[0], events[3]]));
    t.deepEqual(idsOf(await whole(t, store, 'globex')), idsOf([events[1]]));
    t.is((await whole(t, store, null)).length, 2);
    const [first] = await store.ledgerAfter('acme', 0, 10);
    t.like(first, { detail: `it's "?" 😀`, source: 'SIDECAR_CACHE', operation: 'OPEN', count: 7, from: 1 });
    t.false('until' in (first ?? {}) && first?.['until'] !== undefined);
  },

  'every call that writes an event chains it': async (t, store) => {
    const kek = await withKek(store);
    await store.putGroup(
      { account: 'acme', id: 'g', name: 'G', licensed: true, members: [] },
      anAuditEvent(),
    );
    await store.setEnrolment('acme', '0001', 'X', true, anAuditEvent());
    await store.insertDataKey(aDataKey(kek), anAuditEvent());
    await store.insertDataKey(aDataKey(kek), anAuditEvent());
    await store.moveKek(kek.id, ['ACTIVE'], 'DECRYPT_ONLY', anAuditEvent());
    await store.appendKeyEvent({ kekId: kek.id, reason: 'KEY_DISABLED', at: 1 }, anAuditEvent());
    const records = await whole(t, store, 'acme');
    t.is(records.length, 7, 'the second data key is not stored, nor is its event');
    t.is(records.length, (await store.listAudit(null, 100)).length);
  },

  'a first event that is not stored leaves the chain where it begins': async (t, store) => {
    const event = anAuditEvent();
    await t.throwsAsync(store.appendAudit([event, event]), { code: 'CONFLICT' });
    t.deepEqual(await store.ledgerHead('acme'), EMPTY_CHAIN);
    await store.appendAudit([anAuditEvent()]);
    t.is((await whole(t, store, 'acme')).length, 1);
  },

  'a chain is read on from a place': async (t, store) => {
    await store.appendAudit(Array.from({ length: 900 }, () => anAuditEvent()));
    const page = await store.ledgerAfter('acme', 898, 10);
    t.deepEqual(
      page.map(({ sequence }) => sequence),
      [899, 900],
    );
    t.deepEqual(
      (await store.ledgerAfter('acme', 3, 2)).map(({ sequence }) => sequence),
      [4, 5],
    );
  },

  'writers at the same time leave whole chains': async (t, store, { location }) => {
    const other = await openStore(location);
    t.teardown(() => other.close());
    const kek = await withKek(store);
    const taken = anAuditEvent({ account: 'globex' });
    await store.appendAudit([taken]);
    const accounts = ['acme', 'globex', 'initech', null];
    const write = (writer: Store, index: number): Promise<unknown> => {
      // The accounts in another order each time, so that writers would wait for each other if they could.
      const events = accounts.map((_, at) =>
        anAuditEvent({ account: accounts[(at + index) % accounts.length] ?? null }),
      );
      if (index % 5 === 4) return writer.appendAudit([...events, taken]);
      if (index % 5 === 3) {
        const record = aDataKey(kek, { asset: anAsset({ id: `asset-${index}` }) });
        return writer.insertDataKey(record, anAuditEvent({ account: kek.account }));
      }
      return writer.appendAudit(events);
    };
    const results = await Promise.allSettled(
      Array.from({ length: 60 }, (_, index) => write(index % 2 ? other : store, index)),
    );
    const failures = results.flatMap((each) =>
      each.status === 'rejected' ? [toCmkError(each.reason).code] : [],
    );
    // A slow disk may let a writer wait for longer than the store does; then nothing was stored.
    t.true(failures.filter((code) => code === 'CONFLICT').length > 0);
    let stored = 0;
    for (const account of accounts) stored += (await whole(t, store, account)).length;
    t.is(stored, (await store.listAudit(null, 1_000)).length);
    t.true(stored > 60, String(stored));
  },

  'what is changed behind the store’s back is found': async (t, store, { harness, location }) => {
    await store.appendAudit(Array.from({ length: 20 }, (_, index) => anAuditEvent({ detail: `${index}` })));
    const set = 'UPDATE audit_events SET';
    // From the end on, and never at neighbours: each is the first that is wrong.
    const damages: [sql: string, kind: string, sequence: number][] = [
      [`DELETE FROM audit_events WHERE sequence = 20`, 'TRUNCATED', 20],
      [`${set} detail = 'x' WHERE sequence = 18`, 'CHANGED', 18],
      [
        `${set} asset_account = 'a', srv_id = '1', type = 'b', asset_id = 'c' WHERE sequence = 16`,
        'CHANGED',
        16,
      ],
      [`${set} account = 'globex' WHERE sequence = 14`, 'CHANGED', 14],
      [`DELETE FROM audit_events WHERE sequence = 12`, 'MISSING', 12],
      [`${set} chain = 'globex' WHERE sequence = 10`, 'MISSING', 10],
      [`${set} sequence = 99 WHERE sequence = 8`, 'MISSING', 8],
    ];
    for (const [sql, kind, sequence] of damages) {
      await harness.execute(location, sql);
      t.like(await verified(store, 'acme'), { kind, sequence }, sql);
    }
  },

  'events that a release without the ledger wrote are chained at the opening': async (
    t,
    store,
    { harness, location },
  ) => {
    const early = Array.from({ length: 1_500 }, (_, at) => anAuditEvent({ account: at % 3 ? 'acme' : null }));
    await store.appendAudit(early);
    const sql = `UPDATE audit_events SET chain = NULL, sequence = NULL, previous_hash = NULL, hash = NULL`;
    await harness.execute(location, `${sql}; DELETE FROM ledger_heads`);
    const again = await openStore(location);
    t.teardown(() => again.close());
    t.deepEqual(idsOf(await whole(t, again, 'acme')), idsOf(early.filter(({ account }) => account)));
    t.is((await whole(t, again, null)).length, 500);

    const late = anAuditEvent();
    await store.appendAudit([late, anAuditEvent()]);
    await harness.execute(
      location,
      `UPDATE audit_events SET chain = NULL, sequence = NULL WHERE id = '${late.id}';
       DELETE FROM audit_events WHERE sequence = 1002`,
    );
    t.is(
      await verified(store, 'acme').then((fault) => fault?.sequence),
      1_001,
      'one that lost its place is missed',
    );
    await store.chainUnchained();
    t.deepEqual(idsOf(await store.ledgerAfter('acme', 1_002, 9)), [late.id], 'and comes at the end');
  },
};

/** The chain, which must be as it was written. */
async function whole(t: ExecutionContext, store: Store, account: string | null): Promise<LedgerRecord[]> {
  t.is(await verified(store, account), null);
  return store.ledgerAfter(account, 0, 10_000);
}

async function verified(store: Store, account: string | null) {
  const verifier = new LedgerVerifier(account);
  for (const record of await store.ledgerAfter(account, 0, 10_000)) verifier.add(record);
  return verifier.end(await store.ledgerHead(account));
}

function idsOf(items: readonly (LedgerRecord | AuditEvent | undefined)[]): unknown[] {
  return items.map((item) => item?.id);
}
