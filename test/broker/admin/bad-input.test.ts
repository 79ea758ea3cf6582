import test from 'ava';
import { createAdminApp } from '../../../broker/admin/server.ts';
import {
  ask,
  commonRows,
  invalid,
  LIST,
  NOBODY,
  READ,
  type Ids,
  type Route,
  type Wrong,
} from '../../support/bad-input.ts';
import { VIEW_ROUTES } from '../../support/bad-input-views.ts';
import { brokerWorld, type BrokerWorld } from '../../support/broker-world.ts';
import { aDataKey, aKek, anAuditEvent } from '../../support/stored-facts.ts';

/**
 * Every administrative call with what is wrong: the answer names it, and the database is as before. A route without
 * rows here is a failure.
 */

const STALE = { 'if-match': '"0.name-AAAAAAAA"' };

const conflict = { status: 409, code: 'CONFLICT' } as const;
const notFound = { status: 404, code: 'NOT_FOUND' } as const;
const stale = { status: 412, code: 'STALE_VERSION' } as const;
/** What holds for each write that heeds If-Match. */
const VERSIONED: Record<string, Wrong> = {
  'a stale version': { headers: STALE, ...stale },
  'a weak version': { headers: { 'if-match': 'W/"1"' }, ...stale },
  'a malformed version': { headers: { 'if-match': '1' }, ...invalid },
};

const KEY = { provider: 'aws', references: ['fake:spare'] };
const LICENCE = { kind: 'LICENCE', licence: 'NONE' };
const TYPE: Record<string, Wrong> = {
  'a type of another service': { params: { type: 'PhoneVoicemail' }, ...notFound },
  'a service that there is not': { params: { srvId: '9999' }, ...notFound },
  'a service that is no number': { params: { srvId: 'x' }, ...invalid },
};
const CHANGES: Record<string, Wrong> = {
  'a change that there is not': { body: { kind: 'ALL' }, ...invalid },
  'a licence that there is not': { body: { ...LICENCE, licence: 'SOME' }, ...invalid },
  'a group that there is not': { body: { kind: 'GROUP', group: 'none', licensed: true }, ...notFound },
  'another account’s group': { body: { kind: 'GROUP', group: 'theirs', licensed: true }, ...notFound },
  'a group that nothing happens to': { body: { kind: 'GROUP', group: 'hr' }, ...invalid },
  'one who comes and goes': {
    body: { kind: 'GROUP', group: 'hr', add: ['zoe'], remove: ['zoe'] },
    ...invalid,
  },
  'more members than at a time': {
    body: { kind: 'GROUP', group: 'hr', add: Array.from({ length: 1_001 }, (_, index) => `u${index}`) },
    ...invalid,
  },
  'a type of another service': {
    body: { kind: 'ENROLMENT', srvId: '0001', type: 'PhoneVoicemail', enrolled: true },
    ...notFound,
  },
};
const FALLBACK = { mode: 'ANY', maxHours: null, maxAssets: null };
const NEW_TOKEN = { name: 'new', role: 'AUDITOR', expiresInDays: 30 };
const MOVE = { kind: 'LEAVE', selection: { kekIds: ['KEY'] }, target: 'platform' };

const ROUTES: Readonly<Record<string, Route>> = {
  'GET /v1/accounts': { ...LIST },
  'PUT /v1/accounts/:account': {
    makes: 'account',
    body: { name: 'Acme', licence: 'NONE' },
    wrong: {
      ...VERSIONED,
      'a version of nothing': { params: { account: 'nobody' }, headers: { 'if-match': '*' }, ...stale },
      'a licence that there is not': { body: { name: 'Acme', licence: 'SOME' }, ...invalid },
      'a name that no database takes': { body: { name: 'A\u0000', licence: 'NONE' }, ...invalid },
    },
  },
  'GET /v1/accounts/:account': READ,
  'PUT /v1/accounts/:account/groups/:group': {
    makes: 'group',
    body: { name: 'HR', licensed: false, members: [] },
    wrong: {
      ...VERSIONED,
      'a member twice': { body: { name: 'HR', licensed: true, members: ['amy', 'amy'] }, ...invalid },
      'a member with a space': { body: { name: 'HR', licensed: true, members: ['a b'] }, ...invalid },
      'a flag that is a word': { body: { name: 'HR', licensed: 'yes', members: [] }, ...invalid },
    },
  },
  'PATCH /v1/accounts/:account/groups/:group': {
    body: { licensed: false },
    wrong: {
      ...VERSIONED,
      'no change': { body: {}, ...invalid },
      'one who comes and goes': { body: { add: ['zoe'], remove: ['zoe'] }, ...invalid },
    },
  },
  'GET /v1/accounts/:account/groups/:group': READ,
  'GET /v1/accounts/:account/groups': READ,
  'GET /v1/accounts/:account/audit-events': LIST,
  'POST /v1/accounts/:account/keys': {
    body: KEY,
    wrong: {
      'a key that is none': { body: { ...KEY, references: ['nonsense'] }, ...invalid },
      'a key that another account has': { body: { ...KEY, references: ['fake:customer'] }, ...conflict },
      'a key that the KMS does not have': {
        body: { ...KEY, references: ['fake:gone'] },
        status: 422,
        code: 'KEY_NOT_FOUND',
        audited: true,
      },
      'no key at all': { body: { ...KEY, references: [] }, ...invalid },
      'a key twice': { body: { ...KEY, references: ['fake:spare', 'fake:spare'] }, ...invalid },
      'a provider that there is not': { body: { ...KEY, provider: 'abacus' }, ...invalid },
      'another request’s idempotency key': { headers: { 'idempotency-key': 'used' }, ...conflict },
      'an idempotency key that is none': { headers: { 'idempotency-key': 'a b' }, ...invalid },
    },
  },
  'POST /v1/accounts/:account/keys/verify': {
    body: KEY,
    wrong: { 'a key that is none': { body: { ...KEY, references: ['nonsense'] }, ...invalid } },
  },
  'GET /v1/accounts/:account/keys': READ,
  'GET /v1/accounts/:account/keys/:key': READ,
  'GET /v1/accounts/:account/keys/:key/blast-radius': READ,
  'POST /v1/accounts/:account/keys/:key/verify': READ,
  'POST /v1/accounts/:account/keys/:key/retire': {
    body: {},
    wrong: {
      'a number as a word': { body: { dataKeys: '1' }, ...invalid },
      'the last key that takes new data': { body: { acceptUnreadable: true, dataKeys: 1 }, ...conflict },
      'another number than it protects': {
        body: { acceptUnreadable: true, dataKeys: 5, acceptNoKey: true },
        ...conflict,
      },
      'no number for what becomes unreadable': {
        body: { acceptUnreadable: true, acceptNoKey: true },
        ...invalid,
      },
    },
  },
  'POST /v1/accounts/:account/keys/:key/restore': {
    wrong: { 'a key that is not retired': { ...conflict } },
  },
  'GET /v1/accounts/:account/keys/:key/references': READ,
  'PUT /v1/accounts/:account/keys/:key/references': {
    body: { references: ['fake:customer'] },
    wrong: {
      ...VERSIONED,
      'a reference that is none': { body: { references: ['nonsense'] }, ...invalid },
      'no reference at all': { body: { references: [] }, ...invalid },
    },
  },
  'POST /v1/keys/:key/revoke': READ,
  'POST /v1/accounts/:account/keys/:key/revoke': READ,
  'PUT /v1/accounts/:account/enrolments/:srvId/:type': { wrong: TYPE },
  'DELETE /v1/accounts/:account/enrolments/:srvId/:type': { wrong: TYPE },
  'GET /v1/accounts/:account/enrolments': READ,
  'GET /v1/accounts/:account/ledger': LIST,
  'GET /v1/accounts/:account/ledger/head': READ,
  'GET /v1/accounts/:account/ledger/export': READ,
  'GET /v1/ledger': LIST,
  'GET /v1/ledger/head': READ,
  'GET /v1/ledger/export': READ,
  'GET /v1/accounts/:account/key-set-up': {
    query: 'provider=pkcs11&uri=pkcs11:token=t',
    wrong: {
      'a provider that there is not': { query: 'provider=abacus', ...invalid },
      'a fact too few': { query: 'provider=aws', ...invalid },
    },
  },
  'GET /v1/accounts/:account/alerts': LIST,
  'POST /v1/accounts/:account/alerts/test': READ,
  'GET /v1/accounts/:account/contacts': READ,
  'PUT /v1/accounts/:account/contacts': {
    body: { emails: [] },
    wrong: { ...VERSIONED, 'an address that is none': { body: { emails: ['acme.test'] }, ...invalid } },
  },
  'GET /v1/accounts/:account/webhooks': READ,
  'POST /v1/accounts/:account/webhooks': {
    body: { url: 'https://hooks.acme.test/' },
    wrong: {
      'an address that is none': { body: { url: 'nowhere' }, ...invalid },
      'another request’s idempotency key': { headers: { 'idempotency-key': 'used' }, ...conflict },
    },
  },
  'DELETE /v1/accounts/:account/webhooks/:webhook': READ,
  'GET /v1/accounts/:account/tokens': READ,
  'POST /v1/accounts/:account/tokens': {
    body: NEW_TOKEN,
    wrong: {
      'a name that there is': { body: { ...NEW_TOKEN, name: 'taken' }, ...conflict },
      'a name with a colon': { body: { ...NEW_TOKEN, name: 'token:x' }, ...invalid },
      'a role that no token has': { body: { ...NEW_TOKEN, role: 'OPERATOR' }, ...invalid },
      'no time at all': { body: { ...NEW_TOKEN, expiresInDays: 0 }, ...invalid },
      'a time without end': { body: { ...NEW_TOKEN, expiresInDays: 368 }, ...invalid },
    },
  },
  'DELETE /v1/accounts/:account/tokens/:token': READ,
  'GET /v1/me': READ,
  'GET /v1/services': LIST,
  'POST /v1/me/sign-out': { wrong: { 'a token, which has no session': { ...notFound } } },
  'POST /v1/accounts/:account/moves': {
    body: MOVE,
    wrong: {
      'a kind that there is not': { body: { ...MOVE, kind: 'WALK' }, ...invalid },
      'a key that there is not': { body: { ...MOVE, selection: { kekIds: [NOBODY] } }, ...notFound },
      'another account’s key': { body: { ...MOVE, selection: { kekIds: ['THEIR KEY'] } }, ...notFound },
      'a way that the kind does not go': { body: { ...MOVE, kind: 'ENROL' }, ...invalid },
      'the other way of a move that has not ended': {
        body: { kind: 'ENROL', selection: { kekIds: ['platform'] }, target: 'KEY' },
        ...conflict,
      },
      'another request’s idempotency key': { headers: { 'idempotency-key': 'used' }, ...conflict },
    },
  },
  'GET /v1/accounts/:account/moves': LIST,
  'GET /v1/accounts/:account/moves/:move': READ,
  'POST /v1/accounts/:account/moves/:move/pause': {
    wrong: { 'a move that is paused': { ...conflict } },
  },
  'POST /v1/accounts/:account/moves/:move/resume': {
    wrong: { 'a move that was cancelled': { params: { move: 'CANCELLED' }, ...conflict } },
  },
  'POST /v1/accounts/:account/moves/:move/cancel': {
    wrong: { 'a move that was cancelled': { params: { move: 'CANCELLED' }, ...conflict } },
  },
  'GET /v1/accounts/:account/fallback': READ,
  'PUT /v1/accounts/:account/fallback': {
    body: FALLBACK,
    wrong: {
      ...VERSIONED,
      'a mode that there is not': { body: { ...FALLBACK, mode: 'ON' }, ...invalid },
      'no hours at all': { body: { ...FALLBACK, maxHours: 0 }, ...invalid },
      'half an asset': { body: { ...FALLBACK, maxAssets: 0.5 }, ...invalid },
    },
  },
  'GET /v1/accounts/:account/fallback/episodes': LIST,
  'GET /v1/accounts/:account/leases': LIST,
  'GET /v1/accounts/:account/leases/:srvId/:type': { wrong: TYPE },
  'PUT /v1/accounts/:account/leases/:srvId/:type': {
    body: { seconds: 60 },
    wrong: {
      ...TYPE,
      ...VERSIONED,
      'longer than any lease': { body: { seconds: 301 }, ...invalid },
      'too short a lease': { body: { seconds: 59 }, ...invalid },
    },
  },
  'GET /v1/accounts/:account/on-failure': READ,
  'PUT /v1/accounts/:account/on-failure/:srvId/:type': {
    body: { wish: 'DROP_SESSION' },
    wrong: { ...TYPE, 'a wish that there is not': { body: { wish: 'IGNORE' }, ...invalid } },
  },
  ...VIEW_ROUTES,
  'POST /v1/accounts/:account/coverage/preview': { body: LICENCE, wrong: CHANGES },
  'POST /v1/accounts/:account/coverage/apply': {
    body: LICENCE,
    wrong: {
      ...CHANGES,
      ...VERSIONED,
      'a stale version of the group': {
        headers: STALE,
        body: { kind: 'GROUP', group: 'hr', licensed: false },
        ...stale,
      },
      'a wish that is a word': { body: { ...LICENCE, moveExisting: 'yes' }, ...invalid },
      'existing data the other way of a move that has not ended': {
        body: {
          kind: 'ENROLMENT',
          srvId: '0003',
          type: 'PhoneVoicemail',
          enrolled: true,
          moveExisting: true,
        },
        ...conflict,
      },
    },
  },
};

/** `METHOD /path` of every route that asks who calls; HEAD is GET without its body. */
async function routesOfTheApp(): Promise<string[]> {
  const routes: string[] = [];
  // Nothing is called: the parts are never looked at.
  const parts = new Proxy({}, { get: () => ({}) }) as Parameters<typeof createAdminApp>[0];
  const app = createAdminApp(parts, ({ method, url, config }) => {
    if (config?.access === 'PUBLIC') return;
    for (const each of [method].flat()) if (each !== 'HEAD') routes.push(`${each} ${url}`);
  });
  await app.ready();
  return routes;
}

test('every route has its rows', async (t) => {
  t.deepEqual((await routesOfTheApp()).sort(), Object.keys(ROUTES).sort());
});

/** An account with one of everything, beside another. */
async function populated(world: BrokerWorld): Promise<Ids> {
  const { admin, kms, kekId } = world;
  kms.createKey('spare');
  const made = async (method: string, path: string, body?: object) => {
    const answer = await admin(method, path, body);
    if (answer.status >= 300) throw new Error(JSON.stringify(answer.body));
    return answer.body as Record<string, { id: string }>;
  };
  const acme = '/v1/accounts/acme';
  const group = { name: 'HR', licensed: true, members: ['amy'] };
  await made('PUT', `${acme}/groups/hr`, group);
  await made('PUT', '/v1/accounts/globex/groups/theirs', group);
  const theirs = await made('POST', '/v1/accounts/globex/keys', {
    provider: 'aws',
    references: [kms.createKey('theirs')],
  });
  const leave = { ...MOVE, selection: { kekIds: [kekId] } };
  const cancelled = await made('POST', `${acme}/moves`, leave);
  // One that the mover has already ended is as well for the rows that want an ended move.
  await admin('POST', `${acme}/moves/${cancelled['move']?.id}/cancel`);
  const paused = await made('POST', `${acme}/moves`, leave);
  await made('POST', `${acme}/moves/${paused['move']?.id}/pause`);
  // After the moves: nothing is on its way to it, and its deliveries do not change anything meanwhile.
  const hook = await made('POST', `${acme}/webhooks`, { url: 'https://hooks.acme.test/one' });
  const record = aDataKey(aKek({ id: kekId }));
  await world.store.insertDataKey(record, anAuditEvent());
  const token = await made('POST', `${acme}/tokens`, { ...NEW_TOKEN, name: 'taken' });
  await world.store.idempotency.take(
    { account: 'acme', key: 'used', hash: 'of another request' },
    { nowMs: Date.now(), untilMs: Date.now() + 3_600_000 },
    10,
  );
  return {
    account: 'acme',
    group: 'hr',
    key: kekId,
    webhook: hook['webhook']?.id ?? '',
    move: paused['move']?.id ?? '',
    token: token['token']?.id ?? '',
    CANCELLED: cancelled['move']?.id ?? '',
    KEY: kekId,
    'THEIR KEY': theirs['key']?.id ?? '',
    srvId: '0001',
    type: 'MeetingWebinarRecording',
    id: record.asset.id,
  };
}

const AUDIT = new Set(['audit_events', 'ledger_heads']);
/** What a broker writes by itself, whatever it is asked. */
const OWN = new Set(['brokers', 'ledger_tallies', 'ledger_tally_heads', 'kms_tallies']);

test('whatever is wrong is a clear error, and changes nothing', async (t) => {
  const world = await brokerWorld(t, { CMK_WEBHOOK_KEY: 'a-key-for-webhooks-in-tests-0123456789' });
  const ids = await populated(world);
  let rows = 0;
  let before = await world.dump();
  for (const [name, route] of Object.entries(ROUTES)) {
    for (const [what, wrong] of Object.entries({ ...commonRows(name, route), ...route.wrong })) {
      const title = `${name}: ${what}`;
      const { status, body } = await ask(world, name, route, wrong, ids);
      t.is(`${status} ${body.code}`, `${wrong.status} ${wrong.code}`, `${title}: ${body.detail}`);
      t.regex(body.detail ?? '', /^[^\n]{5,}[^.]$/, title);
      const after = await world.dump();
      for (const [table, was] of Object.entries(before)) {
        const mayChange = OWN.has(table) || (wrong.audited && AUDIT.has(table));
        if (!mayChange) t.deepEqual(after[table], was, `${title}: ${table}`);
      }
      before = after;
      rows++;
    }
  }
  t.log(`${rows} rows over ${Object.keys(ROUTES).length} routes`);
});
