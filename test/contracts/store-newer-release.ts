import type { NewerWord } from '../../broker/model/newer-word.ts';
import type { Kek } from '../../broker/model/types.ts';
import { uuidv7 } from '../../broker/model/uuid.ts';
import type { Store } from '../../broker/store/store.ts';
import { aDataKey, anAlert, anAsset, anAuditEvent, withAccount, withKek } from '../support/stored-facts.ts';
import type { StoreCase, StorePlace } from './store.ts';

const NOW = 1_700_000_000_000;
/** What this release does not know. */
const NEWER = 'FROM_TOMORROW' as NewerWord;
const QUIET = { audit: null, alerts: [] } as const;

function write({ harness, location }: StorePlace, table: string, columns: string, where = ''): Promise<void> {
  return harness.execute(location, `UPDATE ${table} SET ${columns} ${where && `WHERE ${where}`}`);
}

async function failing(store: Store, kek: Kek, use: 'DECRYPT' | 'ENCRYPT', cause: NewerWord): Promise<void> {
  await store.keyStatuses.apply([{ kekId: kek.id, reference: kek.references[0], use }], (stored) => ({
    record: { ...stored, status: 'FAILED', cause, failingSince: NOW },
    ...QUIET,
  }));
}

async function startMove(store: Store, from: Kek, to: Kek, id = uuidv7(NOW)): Promise<string> {
  const plan = { account: 'acme', kind: 'ROTATE', selection: { kekIds: [from.id] }, target: to.id } as const;
  await store.moves.start({ ...plan, id, startedAt: NOW }, () => anAuditEvent());
  return id;
}

/** Rows that a newer release wrote, beside this one or before a step back to it. */
export const newerReleaseCases: Record<string, StoreCase> = {
  'events of a newer release are listed and counted as they are': async (t, store) => {
    await withAccount(store);
    const words = { action: NEWER, outcome: NEWER, reason: NEWER, source: NEWER, operation: NEWER };
    const event = anAuditEvent({ ...words, asset: anAsset() });
    await store.appendAudit([event]);
    t.deepEqual((await store.listAudit('acme', 1))[0], event);
    t.deepEqual((await store.activity.list('acme', {}, null, 1)).events, [event]);
    t.deepEqual((await store.activity.ofAsset(anAsset(), null, 1)).events, [event]);
    t.like((await store.ledgerAfter('acme', 1, 1))[0], words);
    const hour = Math.floor(event.at / 3_600_000);
    await store.tallies.count('acme');
    const tallies = await store.tallies.ledger('acme', { fromHour: hour, untilHour: hour + 1 });
    t.like(
      tallies.find(({ action }) => action === NEWER),
      { action: NEWER, outcome: NEWER, source: NEWER, events: 1 },
    );
  },

  'what is told of keys in newer words is listed, and what fails for newer causes is probed': async (
    t,
    store,
    place,
  ) => {
    const kek = await withKek(store);
    await failing(store, kek, 'DECRYPT', NEWER);
    await failing(store, kek, 'ENCRYPT', NEWER);
    await write(place, 'key_statuses', `key_use = '${NEWER}'`, `key_use = 'ENCRYPT'`);
    const claimed = await store.keyStatuses.claimProbes({ nowMs: NOW, untilMs: NOW + 1, limit: 10 });
    t.deepEqual(
      claimed.map(({ use, cause }) => [use, cause]),
      [['DECRYPT', NEWER]],
      'uses that are newer are left to newer brokers',
    );
    t.deepEqual(
      (await store.keyStatuses.list([kek.id])).map(({ use }) => use),
      ['DECRYPT', NEWER],
    );
    const facts = await store.attention.facts(['acme'], 0);
    t.deepEqual(
      facts.get('acme')?.troubles.map(({ use, cause }) => [use, cause]),
      [
        ['DECRYPT', NEWER],
        [NEWER, NEWER],
      ],
    );
    await write(place, 'key_statuses', `status = '${NEWER}'`);
    const known = { kekId: kek.id, reference: kek.references[0], use: 'DECRYPT' } as const;
    const [changed] = await store.keyStatuses.apply([known], (stored) => {
      t.is(stored.status, NEWER);
      return { record: { ...stored, status: 'OK', cause: null, failingSince: null }, ...QUIET };
    });
    t.is(changed?.status, 'OK');
  },

  'a key of a newer kind or state is listed, and not used': async (t, store, place) => {
    const kek = await withKek(store);
    const older = await withKek(store, { createdAt: 1 });
    for (const [column, word] of [
      ['provider', 'tomorrow'],
      ['lifecycle', NEWER],
    ] as const) {
      await write(place, 'keks', `${column} = '${word}'`, `id = '${kek.id}'`);
      const [first, second] = await store.listAnyKeks('acme');
      t.like(first, { id: kek.id, [column]: word }, column);
      t.deepEqual(second, older, column);
      await store.attention.facts(['acme'], 0);
      t.deepEqual(await store.findKek(older.id), older, 'what is under other keys opens');
      const uses = [
        store.findKek(kek.id),
        // Perhaps it is the key for new data.
        store.coverage('acme', 'user-1', '0001', 'Clip'),
        store.listKeks('acme'),
      ];
      for (const use of uses)
        await t.throwsAsync(
          use,
          { code: 'INTERNAL', message: /^stored row is not of this release: / },
          column,
        );
      await write(place, 'keks', `provider = 'aws', lifecycle = 'STANDBY'`);
    }
  },

  'an account with newer settings is listed; its fallback never begins, its licence is not decided by':
    async (t, store, place) => {
      const kek = await withKek(store);
      await withAccount(store, 'globex');
      await store.fallbacks.setPolicy(
        'acme',
        { mode: 'ANY', maxHours: null, maxAssets: null },
        anAuditEvent(),
      );
      await store.fallbacks.setWish('acme', '0001', 'Clip', 'DROP_SESSION', anAuditEvent());
      await write(place, 'accounts', `fallback_mode = '${NEWER}'`);
      await write(place, 'failure_wishes', `wish = '${NEWER}'`);
      t.is((await store.fallbacks.findPolicy('acme'))?.value.mode, NEWER);
      t.is((await store.fallbacks.listWishes('acme'))[0]?.wish, NEWER);
      const coverage = () => store.coverage('acme', 'user-1', '0001', 'Clip');
      t.like(await coverage(), { fallback: { mode: 'OFF' }, onFailure: 'FAIL_ASSET', keks: [kek] });

      await write(place, 'accounts', `licence = '${NEWER}'`, `id = 'acme'`);
      t.is((await store.findAccount('acme'))?.licence, NEWER);
      t.deepEqual(
        (await store.listAccounts(null, 10)).map(({ licence }) => licence),
        [NEWER, 'ACCOUNT'],
      );
      const facts = await store.attention.facts(['acme', 'globex'], 0);
      t.like(facts.get('acme'), { licence: NEWER, fallback: { mode: NEWER } });
      await t.throwsAsync(coverage(), { code: 'INTERNAL' });
      const change = { kind: 'LICENCE', licence: 'ACCOUNT' } as const;
      await t.throwsAsync(store.coverages.facts('acme', change), { code: 'INTERNAL' });
    },

  'a data key of a newer protection is listed, and neither opened nor moved': async (t, store, place) => {
    const from = await withKek(store, { createdAt: 1, lifecycle: 'ACTIVE' });
    const [newer, known] = ['a', 'b'].map((id) => aDataKey(from, { asset: anAsset({ id }) }));
    if (!newer || !known) throw new Error('two were made');
    for (const record of [newer, known]) await store.insertDataKey(record, anAuditEvent());
    await write(place, 'data_keys', `protection = '${NEWER}'`, `asset_id = 'a'`);
    t.deepEqual(
      (await store.assets.list('acme', {}, null, 10)).map(({ protection }) => protection),
      [NEWER, 'CUSTOMER_KEY'],
    );
    t.is((await store.assets.dataKeys(newer.asset))[0]?.protection, NEWER);
    t.deepEqual((await store.assets.count('acme')).map(({ protection }) => protection).sort(), [
      'CUSTOMER_KEY',
      NEWER,
    ]);
    await t.throwsAsync(store.findDataKey(newer.asset, newer.id), { code: 'INTERNAL' });
    await t.throwsAsync(store.findNewestDataKey(newer.asset), { code: 'INTERNAL' });
    const selection = { kekIds: [from.id] };
    const page = await store.moves.page({
      account: 'acme',
      selection,
      kekId: from.id,
      after: null,
      limit: 10,
    });
    t.deepEqual(page.records, [known]);
    t.like(page.corrupt[0], { assetId: 'a' });
  },

  'moves of a newer release are listed; what selects by more than is known is left to it': async (
    t,
    store,
    place,
  ) => {
    const from = await withKek(store, { createdAt: 1, lifecycle: 'ACTIVE' });
    const to = await withKek(store, { createdAt: 2 });
    const ids = [0, 1, 2].map((ms) => uuidv7(NOW + ms));
    for (const id of ids) await startMove(store, from, to, id);
    const [byMore = '', byProtection = '', known = ''] = ids;
    const select = (more: string) => `selection = '{"kekIds":["${from.id}"],${more}}'`;
    await write(place, 'moves', select('"olderThan":7'), `id = '${byMore}'`);
    await write(place, 'moves', select(`"protections":["${NEWER}"]`), `id = '${byProtection}'`);
    const claims = [];
    for (const _ of ids) claims.push(await store.moves.claim(NOW, NOW + 1_000));
    t.deepEqual(
      claims.flatMap((claim) => claim?.move.id ?? []),
      [known],
    );
    t.is(await store.moves.claim(NOW, NOW + 1_000), null, 'and are looked at again when a claim would end');

    const words = `kind = '${NEWER}', state = '${NEWER}', problem_code = '${NEWER}', problem_detail = 'why'`;
    await write(place, 'moves', words);
    t.is(await store.moves.claim(NOW + 1e6, NOW + 2e6), null);
    const listed = await store.moves.list('acme', 10);
    t.is(listed.length, 3);
    for (const move of listed) t.like(move, { kind: NEWER, state: NEWER, problem: { code: NEWER } });
    await write(place, 'moves', `state = 'PAUSED'`);
    t.like((await store.attention.facts(['acme'], 0)).get('acme')?.moves[0], { kind: NEWER, problem: NEWER });
  },

  'an alert of a known kind in newer words is listed and told': async (t, store, place) => {
    await withAccount(store);
    await store.alerts.setContacts('acme', ['a@acme.test'], anAuditEvent());
    const alert = anAlert({ use: NEWER, from: NEWER, to: NEWER, cause: NEWER }, { at: NOW });
    const facts = { ...alert.facts, more: 1 };
    await store.alerts.raise([alert]);
    await write(place, 'alerts', `facts = '${JSON.stringify(facts)}'`);
    const times = { nowMs: NOW + 10_000, untilMs: NOW + 20_000, settleMs: 0, windowMs: 0 };
    const [claimed] = await store.alerts.claim({ channel: 'MAIL', ...times, limit: 10 });
    t.like(claimed?.alerts[0], { ...alert, facts });
    await write(place, 'alert_deliveries', `state = '${NEWER}', channel = '${NEWER}'`);
    t.like((await store.alerts.list('acme', 1))[0], {
      facts,
      deliveries: [{ state: NEWER, channel: NEWER, nextTryAt: null }],
    });
  },

  'who has a role of a newer release is known, with that role': async (t, store, place) => {
    await withAccount(store);
    const token = {
      id: uuidv7(NOW),
      account: 'acme',
      name: 'backup',
      role: 'AUDITOR',
      createdBy: 'a',
    } as const;
    const times = { createdAt: NOW, expiresAt: NOW + 1, lastUsedAt: null };
    await store.apiTokens.insert({ ...token, ...times }, 'hash', 5, anAuditEvent());
    await write(place, 'api_tokens', `role = '${NEWER}'`);
    t.is((await store.apiTokens.find('hash'))?.role, NEWER);
    t.is((await store.apiTokens.list('acme'))[0]?.role, NEWER);
    const session = {
      idHash: 'one',
      person: 'p',
      name: 'n',
      role: NEWER,
      account: 'acme',
      sealedIdToken: null,
    };
    const lasts = { createdAt: NOW, seenAt: NOW, endsAt: NOW + 1 };
    const bounds = { most: 1, nowMs: NOW, idleMs: 1 };
    await store.sessions.begin({ ...session, ...lasts }, null, bounds, anAuditEvent());
    t.is((await store.sessions.find('one'))?.role, NEWER);
  },
};
