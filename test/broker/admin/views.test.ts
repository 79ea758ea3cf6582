import test from 'ava';
import type { Asset } from '../../../core/asset.ts';
import { adminWorld, OPERATOR, principal, type AdminWorld } from '../../support/admin-world.ts';
import { aDataKey, anAuditEvent } from '../../support/stored-facts.ts';

const AUDITOR = principal('AUDITOR', 'acme');
const ACME = '/v1/accounts/acme';
const TYPE = '0001/MeetingWebinarRecording';
/** As services may name assets. */
const ODD = 'a/b?c=%41#d&e+f';

async function get(world: AdminWorld, path: string, who = AUDITOR) {
  const { status, body } = await world.ask(who, 'GET', path);
  return { status, body };
}

type Listed = { asset: Asset }[];
const ids = (list: unknown) => (list as Listed).map(({ asset }) => asset.id);

test('the overview says what is protected how, by which keys, and what needs attention', async (t) => {
  const world = await adminWorld(t);
  await world.issue({ id: 'one' });
  await world.issue({ id: 'two' });
  await world.issue({ id: 'odd', type: 'MeetingWebinarSummary' });
  await world.store.appendAudit([
    anAuditEvent({
      action: 'RESOLVE',
      outcome: 'REFUSED',
      detail: 'CONTEXT_MISMATCH: not its own',
      at: world.clock.wallMs(),
    }),
    // Who may not sign in is no service.
    anAuditEvent({ action: 'SIGN_IN', outcome: 'REFUSED', detail: null, at: world.clock.wallMs() }),
  ]);
  const { status, body } = await get(world, `${ACME}/overview`);
  t.is(status, 200);
  const overview = body['overview'] as Record<string, unknown>;
  t.like(overview, {
    at: world.clock.wallMs(),
    account: { id: 'acme' } as never,
    moves: [] as never,
    reencryption: { dataKeys: 0, oldestSince: null } as never,
  });
  t.deepEqual(overview['protection'], [
    {
      srvId: '0001',
      type: 'MeetingWebinarRecording',
      protection: 'CUSTOMER_KEY',
      assets: 2,
      dataKeys: 2,
    },
    {
      srvId: '0001',
      type: 'MeetingWebinarSummary',
      protection: 'PLATFORM_KEY',
      assets: 1,
      dataKeys: 1,
    },
  ]);
  const [key] = overview['keys'] as Record<string, unknown>[];
  t.like(key, { id: world.kek.id, lifecycle: 'ACTIVE', dataKeys: 2 });
  t.is((key?.['statuses'] as unknown[]).length, 2 * world.kek.references.length);
  t.deepEqual((overview['refusals'] as { causes: unknown }).causes, [
    { outcome: 'REFUSED', cause: 'CONTEXT_MISMATCH', count: 1 },
  ]);
  t.deepEqual(overview['attention'], [
    { level: 'WARNING', code: 'CALLS_REFUSED', count: 1 },
    { level: 'SET_UP', code: 'NO_CONTACTS' },
  ]);
  t.is((overview['fallback'] as { episode: unknown }).episode, null);
});

test('a fallback that lasts counts down', async (t) => {
  const world = await adminWorld(t);
  const { store, kek, clock } = world;
  const policy = { mode: 'ANY', maxHours: 2, maxAssets: 10 } as const;
  await store.fallbacks.setPolicy('acme', policy, anAuditEvent());
  for (const name of world.kek.references) world.kms.key(name).state = 'DISABLED';
  await world.issue({ id: 'one' });
  clock.advance(1_800_000);
  const { body } = await get(world, `${ACME}/overview`);
  const { fallback, attention } = body['overview'] as Record<string, Record<string, unknown>>;
  t.deepEqual(fallback?.['policy'], policy);
  t.like(fallback?.['episode'], { kekId: kek.id, state: 'STANDING_IN', assetsLeft: 9, endsInMs: 5_400_000 });
  const codes = (attention as unknown as { code: string }[]).map(({ code }) => code);
  t.true(codes.includes('FALLBACK_ACTIVE'), codes.join());
});

test('assets are found, page by page, and each says how it is protected', async (t) => {
  const world = await adminWorld(t);
  for (const id of ['b', ODD, 'a']) await world.issue({ id });
  const first = await get(world, `${ACME}/assets?limit=2`);
  t.deepEqual(ids(first.body['assets']), ['a', ODD]);
  const rest = await get(world, `${ACME}/assets?limit=2&cursor=${String(first.body['next'])}`);
  t.deepEqual(ids(rest.body['assets']), ['b']);
  t.is(rest.body['next'], null);
  const found = await get(
    world,
    `${ACME}/assets?protection=CUSTOMER_KEY&idPrefix=${encodeURIComponent('a/b?')}`,
  );
  t.deepEqual(ids(found.body['assets']), [ODD]);
  const one = await get(world, `${ACME}/assets/${TYPE}/${encodeURIComponent(ODD)}`);
  const asset = one.body['asset'] as Record<string, unknown>;
  const key = { id: world.kek.id, platform: false, reference: world.reference, lifecycle: 'ACTIVE' };
  t.like(asset, { protection: 'CUSTOMER_KEY', generation: 1, owner: 'user-1' });
  t.deepEqual(asset['key'], key);
  t.like((asset['dataKeys'] as unknown[])[0], { state: 'CURRENT', madeAt: asset['madeAt'] as number });
  const longest = 'x/'.repeat(128);
  t.is(
    (await get(world, `${ACME}/assets/${TYPE}/${encodeURIComponent(longest)}`)).body['code'],
    'ASSET_NOT_FOUND',
  );
});

test('the provider’s own key has no name for customers', async (t) => {
  const world = await adminWorld(t);
  await world.issue({ id: 'one', type: 'MeetingWebinarSummary' });
  const { body } = await get(world, `${ACME}/assets/0001/MeetingWebinarSummary/one`);
  t.like((body['asset'] as { key: object }).key, { platform: true, reference: null });
  t.false(JSON.stringify(body).includes(world.platformReference));
});

test('an asset’s history says who used it and why', async (t) => {
  const world = await adminWorld(t);
  await world.issue({ id: 'one' });
  await world.issue({ id: 'one' });
  await world.issue({ id: 'other' });
  const path = `${ACME}/assets/${TYPE}/one/history`;
  const first = await get(world, `${path}?limit=1`);
  t.like((first.body['events'] as unknown[])[0], { action: 'ISSUE', outcome: 'ALLOWED', reason: 'STORAGE' });
  const second = await get(world, `${path}?limit=1&cursor=${String(first.body['next'])}`);
  t.is((second.body['events'] as unknown[]).length, 1);
  t.is(second.body['next'], null);
  t.is((await get(world, `${ACME}/assets/${TYPE}/none/history`)).body['code'], 'ASSET_NOT_FOUND');
});

test('activity is filtered by what is asked for', async (t) => {
  const world = await adminWorld(t);
  await world.issue({ id: 'one' });
  await world.issue({ id: 'two' });
  const count = async (query: string) => {
    const { status, body } = await get(world, `${ACME}/activity?${query}`);
    t.is(status, 200, query);
    return (body['events'] as unknown[]).length;
  };
  t.is(await count('action=ISSUE,RESOLVE'), 2);
  t.is(await count('action=ISSUE&id=one'), 1);
  t.is(await count(`action=ISSUE&key=${world.kek.id}&reason=STORAGE&outcome=ALLOWED&srvId=0001`), 2);
  t.is(await count('outcome=REFUSED,FAILED'), 0);
  t.is(await count(`action=ISSUE&from=${world.clock.wallMs() + 1}`), 0);
});

test('nobody sees another account’s', async (t) => {
  const world = await adminWorld(t);
  await world.issue({ id: 'one' });
  await world.store.putAccount({ id: 'globex', name: 'Globex', licence: 'NONE' }, anAuditEvent());
  const theirs = principal('ADMINISTRATOR', 'globex');
  for (const path of ['overview', 'assets', 'activity', `assets/${TYPE}/one`, `assets/${TYPE}/one/history`]) {
    t.is((await get(world, `${ACME}/${path}`, theirs)).body['code'], 'ACCOUNT_UNKNOWN', path);
  }
  for (const path of [`assets/${TYPE}/one`, `assets/${TYPE}/one/history`]) {
    t.is((await get(world, `/v1/accounts/globex/${path}`, theirs)).body['code'], 'ASSET_NOT_FOUND', path);
  }
  t.deepEqual((await get(world, '/v1/accounts/globex/assets', theirs)).body, { assets: [], next: null });
  t.is((await get(world, `${ACME}/overview`, OPERATOR)).status, 200);
});

test('older data keys say so', async (t) => {
  const world = await adminWorld(t);
  await world.issue({ id: 'one' });
  const asset = { account: 'acme', srvId: '0001', type: 'MeetingWebinarRecording', id: 'one' };
  await world.store.insertDataKey(aDataKey(world.kek, { asset, generation: 2 }), anAuditEvent());
  const { body } = await get(world, `${ACME}/assets/${TYPE}/one`);
  const states = (body['asset'] as { dataKeys: { state: string }[] }).dataKeys.map(({ state }) => state);
  t.deepEqual(states, ['CURRENT', 'OLDER']);
});
