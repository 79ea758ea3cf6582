import test from 'ava';
import type { ListedAlert, Webhook } from '../../../broker/model/alerts.ts';
import { brokerWorld, issue } from '../../support/broker-world.ts';
import { eventually } from '../../support/eventually.ts';
import { startHookServer } from '../../support/hook-server.ts';
import { startMailServer } from '../../support/mail-server.ts';

const WEBHOOK_KEY = 'a-key-for-webhooks-in-tests-0123456789';
const ACME = '/v1/accounts/acme';

test('contacts are put and read back, and audited without the addresses', async (t) => {
  const { admin } = await brokerWorld(t);
  const contacts = `${ACME}/contacts`;
  t.deepEqual(await admin('GET', contacts), { status: 200, body: { emails: [] } });
  const emails = ['a@acme.test', 'b+cmk@acme.test'];
  t.deepEqual(await admin('PUT', contacts, { emails }), { status: 200, body: { emails } });
  t.deepEqual((await admin('GET', contacts)).body, { emails });
  t.deepEqual((await admin('GET', '/v1/accounts/globex/contacts')).body, { emails: [] });
  t.deepEqual((await admin('PUT', contacts, { emails: [] })).body, { emails: [] });
  const { auditEvents } = (await admin('GET', `${ACME}/audit-events?limit=2`)).body as {
    auditEvents: { action: string; actor: string; detail: string }[];
  };
  t.deepEqual(
    auditEvents.map(({ action, actor, detail }) => `${action} ${actor}: ${detail}`),
    ['ADMINISTER operator: put contacts: 0 addresses', 'ADMINISTER operator: put contacts: 2 addresses'],
  );
});

test('a webhook shows its secret once, and goes when it is deleted', async (t) => {
  const { admin } = await brokerWorld(t, { CMK_WEBHOOK_KEY: WEBHOOK_KEY });
  const made = await admin('POST', `${ACME}/webhooks`, { url: 'https://hooks.acme.test/cmk?token=hush' });
  t.is(made.status, 201);
  const { webhook, secret } = made.body as { webhook: Webhook; secret: string };
  t.regex(secret, /^whsec_/);
  t.like(webhook, { account: 'acme', url: 'https://hooks.acme.test/cmk?token=hush' });
  t.deepEqual(await admin('GET', `${ACME}/webhooks`), {
    status: 200,
    body: { webhooks: [webhook], next: null },
  });

  const path = `${ACME}/webhooks/${webhook.id}`;
  t.is((await admin('DELETE', `/v1/accounts/globex/webhooks/${webhook.id}`)).status, 404);
  t.deepEqual(await admin('DELETE', path), { status: 200, body: { id: webhook.id } });
  t.like(await admin('DELETE', path), { status: 404, body: { code: 'NOT_FOUND' } });
  t.deepEqual((await admin('GET', `${ACME}/webhooks`)).body, { webhooks: [], next: null });
  const audited = JSON.stringify((await admin('GET', `${ACME}/audit-events`)).body);
  t.regex(audited, new RegExp(`add webhook ${webhook.id} at hooks\\.acme\\.test`));
  t.regex(audited, new RegExp(`delete webhook ${webhook.id}`));
  t.false(audited.includes('hush'));

  for (let count = 0; count < 5; count++) {
    t.is((await admin('POST', `${ACME}/webhooks`, { url: `https://hooks.acme.test/${count}` })).status, 201);
  }
  t.like(await admin('POST', `${ACME}/webhooks`, { url: 'https://hooks.acme.test/6' }), {
    status: 409,
    body: { code: 'CONFLICT' },
  });
});

test('without CMK_WEBHOOK_KEY there are no webhooks', async (t) => {
  const { admin } = await brokerWorld(t);
  const answer = await admin('POST', `${ACME}/webhooks`, { url: 'https://hooks.acme.test/' });
  t.like(answer, {
    status: 404,
    body: { code: 'NOT_FOUND', detail: 'no webhooks here: CMK_WEBHOOK_KEY is not set' },
  });
});

test('a test alert goes to everybody, and says what became of it', async (t) => {
  const mails = await startMailServer(t);
  const { admin } = await brokerWorld(t, { CMK_SMTP_URL: mails.url, CMK_MAIL_FROM: 'cmk@cmk.test' });
  const send = () => admin('POST', `${ACME}/alerts/test`);
  t.like(await send(), { status: 409, body: { code: 'CONFLICT' } });
  await admin('PUT', `${ACME}/contacts`, { emails: ['keys@acme.test'] });
  const sent = await send();
  t.is(sent.status, 200);
  const { alert } = sent.body as { alert: ListedAlert };
  t.like(alert, { account: 'acme', kekId: null, facts: { kind: 'TEST' } });
  t.like(alert.deliveries[0], { channel: 'MAIL', recipient: 'keys@acme.test', state: 'PENDING' });
  t.is(typeof alert.deliveries[0]?.nextTryAt, 'number');
  t.like(await send(), { status: 429, body: { code: 'RATE_LIMITED', retryAfterMs: '30000' } });
  await eventually(() => mails.mails.length === 1, 10_000);
  t.is(mails.mails[0]?.subject, '[CMK] acme: This is a test');
  await eventually(async () => {
    const { alerts } = (await admin('GET', `${ACME}/alerts`)).body as { alerts: ListedAlert[] };
    const [delivery] = alerts[0]?.deliveries ?? [];
    return delivery?.state === 'DELIVERED' && delivery.nextTryAt === null;
  });
});

const UUID = '00000000-0000-4000-8000-000000000000';

const REFUSED: Record<string, readonly [method: string, path: string, body: unknown, status: number]> = {
  'contacts of an unknown account': ['GET', '/v1/accounts/nobody/contacts', undefined, 404],
  'new contacts of an unknown account': ['PUT', '/v1/accounts/nobody/contacts', { emails: [] }, 404],
  'webhooks of an unknown account': ['GET', '/v1/accounts/nobody/webhooks', undefined, 404],
  'a new webhook of an unknown account': [
    'POST',
    '/v1/accounts/nobody/webhooks',
    { url: 'https://a.test' },
    404,
  ],
  'alerts of an unknown account': ['GET', '/v1/accounts/nobody/alerts', undefined, 404],
  'an unknown webhook': ['DELETE', `${ACME}/webhooks/${UUID}`, undefined, 404],
  'a malformed webhook': ['DELETE', `${ACME}/webhooks/1`, undefined, 400],
  'no address': ['PUT', `${ACME}/contacts`, { emails: ['acme.test'] }, 400],
  'two addresses in one': ['PUT', `${ACME}/contacts`, { emails: ['a@acme.test,b@acme.test'] }, 400],
  'an address with a line break': ['PUT', `${ACME}/contacts`, { emails: ['a@acme.test\r\nBcc: b'] }, 400],
  'an address with a line break at its end': ['PUT', `${ACME}/contacts`, { emails: ['a@acme.test\n'] }, 400],
  'an address with a name': ['PUT', `${ACME}/contacts`, { emails: ['A <a@acme.test>'] }, 400],
  'an address twice': ['PUT', `${ACME}/contacts`, { emails: ['a@acme.test', 'a@acme.test'] }, 400],
  'too many addresses': [
    'PUT',
    `${ACME}/contacts`,
    { emails: Array.from({ length: 21 }, (_, index) => `a${index}@acme.test`) },
    400,
  ],
  'a webhook without TLS': ['POST', `${ACME}/webhooks`, { url: 'http://hooks.acme.test/' }, 400],
  'a webhook on this machine': ['POST', `${ACME}/webhooks`, { url: 'https://127.0.0.1/' }, 400],
  'a secret of one’s own': ['POST', `${ACME}/webhooks`, { url: 'https://a.test/', secret: 'x' }, 400],
  'too many alerts': ['GET', `${ACME}/alerts?limit=1001`, undefined, 400],
};

test('bad input gets a clear answer and changes nothing', async (t) => {
  const { admin } = await brokerWorld(t, { CMK_WEBHOOK_KEY: WEBHOOK_KEY });
  await admin('PUT', `${ACME}/contacts`, { emails: ['kept@acme.test'] });
  for (const [name, [method, path, body, status]] of Object.entries(REFUSED)) {
    const answer = await admin(method, path, body);
    t.is(answer.status, status, name);
    t.regex((answer.body as { detail: string }).detail, /\w{4}/, name);
  }
  t.deepEqual((await admin('GET', `${ACME}/contacts`)).body, { emails: ['kept@acme.test'] });
  t.deepEqual((await admin('GET', `${ACME}/webhooks`)).body, { webhooks: [], next: null });
});

test('a whole broker: a key that is disabled and enabled again is told by mail and webhook, and listed', async (t) => {
  const mails = await startMailServer(t);
  const hooks = await startHookServer(t);
  const { admin, kms, reference, recorder, kekId, metric } = await brokerWorld(t, {
    CMK_SMTP_URL: mails.url,
    CMK_MAIL_FROM: 'cmk@cmk.test',
    CMK_WEBHOOK_KEY: WEBHOOK_KEY,
    CMK_WEBHOOK_NETWORKS: '127.0.0.0/8,::1/128',
    CMK_ALERT_CA_FILE: hooks.caPath,
    CMK_ALERT_WINDOW: '10s',
    CMK_TROUBLE_PROBE_INTERVAL: '1s',
  });
  await admin('PUT', `${ACME}/contacts`, { emails: ['keys@acme.test'] });
  t.is((await admin('POST', `${ACME}/webhooks`, { url: `${hooks.url}/cmk` })).status, 201);
  await issue(recorder);
  kms.key(reference).state = 'DISABLED';
  await t.throwsAsync(
    issue(recorder, {
      asset: { account: 'acme', srvId: '0001', type: 'MeetingWebinarRecording', id: 'two' },
    }),
    {
      code: 'KEY_DISABLED',
    },
  );
  // Encrypting failed; that decrypting does as well is found out by the probe.
  await eventually(() => mails.mails.length === 1 && hooks.posts.length === 2);
  kms.key(reference).state = 'ENABLED';
  const third = { account: 'acme', srvId: '0001', type: 'MeetingWebinarRecording', id: 'three' };
  // The last failure may be the answer for a second more.
  await eventually(() =>
    issue(recorder, { asset: third }).then(
      () => true,
      () => false,
    ),
  );
  await eventually(() => hooks.posts.length === 4);
  await eventually(() => mails.mails.length === 2, 20_000);
  t.regex(mails.mails[0]?.subject ?? '', /^\[CMK\] acme: Key .* cannot be used$/);
  t.regex(mails.mails[1]?.subject ?? '', /works again$/);
  await eventually(async () => (await metric('cmk_alert_deliveries_total', { state: 'DELIVERED' })) === 6);

  const { alerts } = (await admin('GET', `${ACME}/alerts`)).body as { alerts: ListedAlert[] };
  t.true(alerts.every(({ kekId: about }) => about === kekId));
  const told = alerts.map(({ facts }) => facts).filter((facts) => facts.kind === 'KEY_STATUS');
  const cause = 'KEY_DISABLED';
  for (const use of ['ENCRYPT', 'DECRYPT'] as const) {
    t.deepEqual(
      told.filter((facts) => facts.use === use),
      [
        { kind: 'KEY_STATUS', reference, use, from: 'FAILED', to: 'OK', cause: null },
        { kind: 'KEY_STATUS', reference, use, from: 'OK', to: 'FAILED', cause },
      ],
    );
  }
  t.true(alerts.every(({ deliveries }) => deliveries.length === 2));
  t.true(alerts.flatMap(({ deliveries }) => deliveries).every(({ state }) => state === 'DELIVERED'));
});
