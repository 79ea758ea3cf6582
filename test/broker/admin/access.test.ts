import test from 'ava';
import { fastify } from 'fastify';
import { guardAccess } from '../../../broker/admin/access.ts';
import { RequestLimit } from '../../../broker/admin/request-limit.ts';
import { systemClock } from '../../../runtime/clock.ts';
import { adminWorld, OPERATOR, principal } from '../../support/admin-world.ts';

const ADMINISTRATOR = principal('ADMINISTRATOR', 'acme', 'alice@acme.example');
const AUDITOR = principal('AUDITOR', 'acme');
const GROUP = { name: 'HR', licensed: true, members: ['amy'] };

test('another account answers as one that is not there', async (t) => {
  const { ask } = await adminWorld(t);
  for (const [method, path, body] of [
    ['GET', '', undefined],
    ['GET', '/groups', undefined],
    ['GET', '/ledger/export', undefined],
    ['PUT', '/groups/hr', GROUP],
    ['PUT', '', { name: 'Mine', licence: 'NONE' }],
  ] as const) {
    const about = (account: string) => ask(ADMINISTRATOR, method, `/v1/accounts/${account}${path}`, { body });
    const foreign = await about('globex');
    t.is(foreign.status, 404, path);
    const unknown = await about('nobody');
    const replaced = JSON.parse(JSON.stringify(unknown.body).replaceAll('nobody', 'globex')) as unknown;
    t.deepEqual(foreign.body, replaced, path);
    if (method !== 'GET') continue;
    const forOperator = await ask(OPERATOR, method, `/v1/accounts/nobody${path}`);
    t.deepEqual(unknown.body, forOperator.body, 'as for those who see all accounts');
  }
});

test('no answer about an account may be kept on a disk or by a cache on the way', async (t) => {
  const { ask } = await adminWorld(t);
  const paths = ['', '/overview', '/ledger/export', '/keys', '/groups/none'].map(
    (path) => `/v1/accounts/acme${path}`,
  );
  for (const path of [...paths, '/v1/openapi.json', '/v1/nowhere']) {
    const { headers } = await ask(AUDITOR, 'GET', path);
    t.is(headers['cache-control'], 'no-store', path);
    t.is(headers['x-content-type-options'], 'nosniff', path);
  }
});

test('a role that does not suffice is told so, and nothing happens', async (t) => {
  const { ask, audit } = await adminWorld(t);
  const before = (await audit()).length;
  const put = await ask(AUDITOR, 'PUT', '/v1/accounts/acme/groups/hr', { body: GROUP });
  t.is(put.status, 403);
  t.like(put.body, { code: 'ROLE_INSUFFICIENT', detail: 'not allowed to the role AUDITOR' });
  t.is((await ask(AUDITOR, 'GET', '/v1/accounts/acme')).status, 200);
  t.is(
    (await ask(ADMINISTRATOR, 'GET', '/v1/accounts')).status,
    403,
    'not even the list with its own account',
  );
  t.is((await ask(ADMINISTRATOR, 'GET', '/v1/ledger/export')).status, 403);
  t.is((await audit()).length, before);
});

test('nobody is known: the answer says how to show it', async (t) => {
  const { ask } = await adminWorld(t);
  const { status, headers, body } = await ask(null, 'GET', '/v1/accounts/acme');
  t.is(status, 401);
  t.is(headers['www-authenticate'], 'Bearer');
  t.like(body, { code: 'TOKEN_INVALID' });
  t.is((await ask(null, 'GET', '/nowhere')).status, 401);
  t.is((await ask(AUDITOR, 'GET', '/nowhere')).status, 404);
  t.is((await ask(null, 'HEAD', '/v1/accounts/acme')).status, 401);
});

test('the ledger has the name of who acted', async (t) => {
  const { ask, audit } = await adminWorld(t);
  t.is((await ask(ADMINISTRATOR, 'PUT', '/v1/accounts/acme/groups/hr', { body: GROUP })).status, 200);
  t.like((await audit())[0], { actor: 'alice@acme.example', detail: 'put group hr: licensed, 1 members' });
});

test('a customer revokes its own key, and no other', async (t) => {
  const { ask, kek, audit } = await adminWorld(t);
  const revoke = (account: string) =>
    ask(principal('ADMINISTRATOR', account), 'POST', `/v1/accounts/${account}/keys/${kek.id}/revoke`);
  const foreign = await revoke('globex');
  t.is(`${foreign.status} ${String(foreign.body['code'])}`, '404 NOT_FOUND');
  t.is((await revoke('acme')).status, 200);
  t.like((await audit())[0], { action: 'REVOKE', actor: 'administrator@acme.example', kekId: kek.id });
});

test('one idempotency key of two people are two requests', async (t) => {
  const { ask } = await adminWorld(t);
  const add = (who: typeof ADMINISTRATOR) =>
    ask(who, 'POST', '/v1/accounts/acme/webhooks', {
      body: { url: 'https://hooks.acme.test/' },
      headers: { 'idempotency-key': 'once' },
    });
  const made = await add(ADMINISTRATOR);
  t.is(made.status, 201);
  t.deepEqual((await add(ADMINISTRATOR)).body, made.body);
  t.is((await add(principal('ADMINISTRATOR', 'acme'))).status, 409, 'the secret is not told to another');
});

const WRONG = {
  'without a rule': { url: '/v1/new', config: {} },
  'for an account that it does not name': { url: '/v1/keys/:key', config: { access: 'READ' } },
  'for an account that only begins like one': { url: '/v1/:accounts', config: { access: 'ADMINISTER' } },
} as const;

for (const [name, { url, config }] of Object.entries(WRONG)) {
  test(`a route ${name} cannot be registered`, (t) => {
    const app = fastify();
    guardAccess(app, [], new RequestLimit(systemClock));
    t.throws(() => app.get(url, { config }, () => ''), { message: /^no (access rule|account in the path)/ });
  });
}
