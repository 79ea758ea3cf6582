import test from 'ava';
import { VERIFICATION_STEPS } from '../../../broker/keys/verify-key.ts';
import { brokerWorld, type BrokerWorld } from '../../support/broker-world.ts';
import { TOKEN } from '../../support/settings.ts';

/** Of a key that no role leads to. */
const STEPS = Object.keys(VERIFICATION_STEPS).filter((step) => step !== 'EXTERNAL_ID');

const send = async (world: BrokerWorld, path: string, init: RequestInit) => {
  const response = await fetch(`http://127.0.0.1:${world.broker.adminPort}${path}`, init);
  return { response, body: (await response.json()) as Record<string, unknown> };
};

test('accounts, groups, enrolments and keys are made and read back', async (t) => {
  const { admin, kms } = await brokerWorld(t);
  const put = await admin('PUT', '/v1/accounts/initech', { name: 'Initech', licence: 'GROUPS' });
  const { externalId } = put.body as { externalId: string };
  t.regex(externalId, /^cmk-[0-9a-f]{32}$/);
  const account = { id: 'initech', name: 'Initech', licence: 'GROUPS', externalId };
  t.deepEqual(put, { status: 200, body: account });
  t.deepEqual((await admin('GET', '/v1/accounts/initech')).body, account);
  t.deepEqual(await admin('GET', '/v1/accounts?cursor=WyJnbG9iZXgiXQ&limit=1'), {
    status: 200,
    body: { accounts: [account], next: null },
  });

  const group = { name: 'Legal', licensed: true, members: ['user-1', 'user-2'] };
  const stored = { account: 'initech', id: 'legal', ...group };
  t.deepEqual((await admin('PUT', '/v1/accounts/initech/groups/legal', group)).body, stored);
  t.deepEqual((await admin('GET', '/v1/accounts/initech/groups')).body, { groups: [stored], next: null });

  const enrolment = '/v1/accounts/initech/enrolments/0003/PhoneVoicemail';
  for (let twice = 0; twice < 2; twice++) t.is((await admin('PUT', enrolment)).status, 200);
  const list = () => admin('GET', '/v1/accounts/initech/enrolments');
  t.deepEqual((await list()).body, { enrolments: [{ srvId: '0003', type: 'PhoneVoicemail' }], next: null });
  for (let twice = 0; twice < 2; twice++) t.is((await admin('DELETE', enrolment)).status, 200);
  t.deepEqual((await list()).body, { enrolments: [], next: null });

  const references = [kms.createKey('initech')];
  const made = await admin('POST', '/v1/accounts/initech/keys', { provider: 'aws', references });
  t.is(made.status, 201);
  const { key, steps } = made.body as { key: { id: string }; steps: { outcome: string }[] };
  t.like(key, { account: 'initech', references, lifecycle: 'STANDBY' });
  t.false('canary' in key);
  t.deepEqual(
    steps.map(({ outcome }) => outcome),
    STEPS.map(() => 'OK'),
  );
  t.deepEqual((await admin('GET', '/v1/accounts/initech/keys')).body, { keys: [key], next: null });

  t.deepEqual(await admin('POST', `/v1/keys/${key.id}/revoke`), { status: 200, body: { position: 1 } });
  const audited = await admin('GET', '/v1/accounts/initech/audit-events?limit=1000');
  const { auditEvents } = audited.body as {
    auditEvents: { action: string; actor: string; detail: string }[];
  };
  t.deepEqual(
    auditEvents.map(({ action, actor, detail }) => `${action} ${actor}: ${detail}`),
    [
      'REVOKE operator: revoke now',
      'ADMINISTER operator: enrol key fake:initech',
      'ADMINISTER operator: end enrolment of 0003 PhoneVoicemail',
      'ADMINISTER operator: end enrolment of 0003 PhoneVoicemail',
      'ADMINISTER operator: enrol 0003 PhoneVoicemail',
      'ADMINISTER operator: enrol 0003 PhoneVoicemail',
      'ADMINISTER operator: put group legal: licensed, 2 members',
      'ADMINISTER operator: put account: licence GROUPS',
    ],
  );
});

test('a key that does not pass comes back with the steps, as a problem', async (t) => {
  const { admin, kms } = await brokerWorld(t);
  const reference = kms.createKey('broken');
  kms.key(reference).denied = () => true;
  const { status, body } = await admin('POST', '/v1/accounts/globex/keys', {
    provider: 'aws',
    references: [reference],
  });
  t.is(status, 422);
  t.like(body, {
    type: 'urn:cmk:error:KEY_PERMISSION_REVOKED',
    status: 422,
    code: 'KEY_PERMISSION_REVOKED',
    retryable: false,
  });
  const { steps } = body as { steps: unknown[] };
  t.is(steps.length, STEPS.length);
  t.like(steps[4], {
    step: 'GENERATE',
    reference,
    outcome: 'FAILED',
    cause: 'PERMISSION_REVOKED',
    detail: 'KEY_PERMISSION_REVOKED: the key policy does not allow it',
    advice: 'mend PERMISSION_REVOKED',
  });
  t.like(steps[5], { step: 'WRAP', reference, outcome: 'SKIPPED' });
});

test('a key is tried without being enrolled, and the answer has the same steps', async (t) => {
  const { admin, kms } = await brokerWorld(t);
  const reference = kms.createKey('tried');
  const path = '/v1/accounts/globex/keys';
  const good = await admin('POST', `${path}/verify`, { provider: 'aws', references: [reference] });
  t.is(good.status, 200);
  t.like(good.body, { ok: true });
  t.deepEqual(Object.keys(good.body as object).sort(), ['ok', 'steps'], 'the canary stays here');
  kms.key(reference).usable = false;
  const bad = await admin('POST', `${path}/verify`, { provider: 'aws', references: [reference] });
  t.is(bad.status, 200);
  t.like(bad.body, { ok: false });
  const { steps } = bad.body as { steps: unknown[] };
  t.like(steps[2], { step: 'KIND', outcome: 'FAILED', cause: 'WRONG_KIND', advice: 'mend WRONG_KIND' });
  const refused = await admin('POST', path, { provider: 'aws', references: [reference] });
  t.deepEqual((refused.body as { steps: unknown[] }).steps, steps);
  t.deepEqual((await admin('GET', path)).body, { keys: [], next: null });
  const { auditEvents } = (await admin('GET', '/v1/accounts/globex/audit-events')).body as {
    auditEvents: { outcome: string; detail: string }[];
  };
  t.deepEqual(
    auditEvents.slice(1, 3).map(({ outcome, detail }) => [outcome, detail.split(':').slice(0, 2).join(':')]),
    [
      ['FAILED', 'verify key fake:tried'],
      ['ALLOWED', 'verify key fake:tried'],
    ],
  );
});

const WITHOUT: Record<string, Record<string, string>> = {
  'no token': {},
  'a wrong token': { authorization: `Bearer ${TOKEN.replace('a', 'b')}` },
  'a token that begins right': { authorization: `Bearer ${TOKEN}x` },
  'half the token': { authorization: `Bearer ${TOKEN.slice(0, 16)}` },
  'another scheme': { authorization: `Basic ${TOKEN}` },
  'the bare token': { authorization: TOKEN },
};

for (const [name, headers] of Object.entries(WITHOUT)) {
  test(`refused: ${name}`, async (t) => {
    const world = await brokerWorld(t);
    for (const path of ['/v1/accounts', '/nowhere']) {
      const { response, body } = await send(world, path, { headers });
      t.is(response.status, 401);
      t.regex(response.headers.get('content-type') ?? '', /^application\/problem\+json/);
      t.like(body, { code: 'TOKEN_INVALID', title: body['title'] as string, status: 401 });
      t.false(JSON.stringify(body).includes(TOKEN));
    }
  });
}

interface Refused {
  readonly request: readonly [method: string, path: string, body?: unknown];
  readonly status: number;
  readonly code: string;
}

const ACCOUNT = { name: 'Acme', licence: 'ACCOUNT' };
const NO_KEY = '/v1/keys/00000000-0000-4000-8000-000000000000/revoke';

const REFUSED: Record<string, Refused> = {
  'an unknown path': { request: ['GET', '/v1/nothing'], status: 404, code: 'NOT_FOUND' },
  'an unknown method': { request: ['DELETE', '/v1/accounts/acme'], status: 404, code: 'NOT_FOUND' },
  'an unknown account': { request: ['GET', '/v1/accounts/nobody'], status: 404, code: 'ACCOUNT_UNKNOWN' },
  'its groups': { request: ['GET', '/v1/accounts/nobody/groups'], status: 404, code: 'ACCOUNT_UNKNOWN' },
  'its events': {
    request: ['GET', '/v1/accounts/nobody/audit-events'],
    status: 404,
    code: 'ACCOUNT_UNKNOWN',
  },
  'a malformed account': {
    request: ['PUT', '/v1/accounts/a%20b', ACCOUNT],
    status: 400,
    code: 'INVALID_ARGUMENT',
  },
  'a name that no database takes': {
    request: ['PUT', '/v1/accounts/acme', { ...ACCOUNT, name: 'A\u0000' }],
    status: 400,
    code: 'INVALID_ARGUMENT',
  },
  'an unknown field': {
    request: ['PUT', '/v1/accounts/acme', { ...ACCOUNT, admin: true }],
    status: 400,
    code: 'INVALID_ARGUMENT',
  },
  'a missing field': {
    request: ['PUT', '/v1/accounts/acme', { name: 'A' }],
    status: 400,
    code: 'INVALID_ARGUMENT',
  },
  'a licence that there is not': {
    request: ['PUT', '/v1/accounts/acme', { name: 'A', licence: 'SOME' }],
    status: 400,
    code: 'INVALID_ARGUMENT',
  },
  'a number as a text': {
    request: ['PUT', '/v1/accounts/acme', { name: 1, licence: 'ACCOUNT' }],
    status: 400,
    code: 'INVALID_ARGUMENT',
  },
  'no body': { request: ['PUT', '/v1/accounts/acme'], status: 400, code: 'INVALID_ARGUMENT' },
  'a limit of 1001': { request: ['GET', '/v1/accounts?limit=1001'], status: 400, code: 'INVALID_ARGUMENT' },
  'a parameter twice': {
    request: ['GET', '/v1/accounts?limit=1&limit=2'],
    status: 400,
    code: 'INVALID_ARGUMENT',
  },
  'an unknown parameter': { request: ['GET', '/v1/accounts?all=1'], status: 400, code: 'INVALID_ARGUMENT' },
  'a member with a space': {
    request: ['PUT', '/v1/accounts/acme/groups/g', { name: 'G', licensed: true, members: ['a b'] }],
    status: 400,
    code: 'INVALID_ARGUMENT',
  },
  'a type of another service': {
    request: ['PUT', '/v1/accounts/acme/enrolments/0001/PhoneVoicemail'],
    status: 404,
    code: 'NOT_FOUND',
  },
  'a key that is none': {
    request: ['POST', '/v1/accounts/acme/keys', { provider: 'aws', references: ['nonsense'] }],
    status: 400,
    code: 'INVALID_ARGUMENT',
  },
  'a key that somebody has': {
    request: ['POST', '/v1/accounts/globex/keys', { provider: 'aws', references: ['fake:customer'] }],
    status: 409,
    code: 'CONFLICT',
  },
  'a key that is none, tried': {
    request: ['POST', '/v1/accounts/acme/keys/verify', { provider: 'aws', references: ['nonsense'] }],
    status: 400,
    code: 'INVALID_ARGUMENT',
  },
  'a key tried for nobody': {
    request: ['POST', '/v1/accounts/nobody/keys/verify', { provider: 'aws', references: ['fake:customer'] }],
    status: 404,
    code: 'ACCOUNT_UNKNOWN',
  },
  'a role where there are none': {
    request: ['POST', '/v1/accounts/acme/keys', { provider: 'aws', references: ['fake:x'], role: 'r' }],
    status: 400,
    code: 'INVALID_ARGUMENT',
  },
  'a role that is no text': {
    request: ['POST', '/v1/accounts/acme/keys', { provider: 'aws', references: ['fake:x'], role: null }],
    status: 400,
    code: 'INVALID_ARGUMENT',
  },
  'a provider that there is not': {
    request: ['POST', '/v1/accounts/acme/keys', { provider: 'abacus', references: ['x'] }],
    status: 400,
    code: 'INVALID_ARGUMENT',
  },
  'a key that there is not': { request: ['POST', NO_KEY], status: 404, code: 'NOT_FOUND' },
};

test('whatever is refused is a problem with its code', async (t) => {
  const { admin } = await brokerWorld(t);
  for (const [name, { request, status, code }] of Object.entries(REFUSED)) {
    const answer = await admin(...request);
    t.is(answer.status, status, name);
    t.like(answer.body, { status, code }, name);
  }
});

test('a body that is not JSON, or too large', async (t) => {
  const world = await brokerWorld(t);
  const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };
  for (const body of ['{', `"${'x'.repeat(3 * 1024 * 1024)}"`]) {
    const { response, body: problem } = await send(world, '/v1/accounts/acme', {
      method: 'PUT',
      headers,
      body,
    });
    t.is(response.status, 400);
    t.is(problem['code'], 'INVALID_ARGUMENT');
  }
});
