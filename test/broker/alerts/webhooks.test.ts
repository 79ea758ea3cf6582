import { readFileSync } from 'node:fs';
import type { BlockList } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { webhookSecret } from '../../../broker/alerts/signature.ts';
import { WebhookSender } from '../../../broker/alerts/webhook-sender.ts';
import { parseWebhookUrl } from '../../../broker/alerts/webhook-url.ts';
import { Secret } from '../../../runtime/config.ts';
import { parseNetworks } from '../../../runtime/public-lookup.ts';
import { alertWorld, deliverNow, TIMEOUT_MS } from '../../support/alert-world.ts';
import { eventually } from '../../support/eventually.ts';
import { startHookServer } from '../../support/hook-server.ts';
import { anAlert, anAuditEvent, aWebhook } from '../../support/stored-facts.ts';

const KEY = new Secret('a-key-for-webhooks-in-tests-0123456789');
const LOOPBACK = parseNetworks('127.0.0.0/8, ::1/128') ?? null;

async function hookWorld(t: ExecutionContext, { networks = LOOPBACK }: { networks?: BlockList | null } = {}) {
  const world = await alertWorld(t);
  const hooks = await startHookServer(t);
  await world.store.alerts.setContacts('acme', [], anAuditEvent());
  const webhook = aWebhook({ url: `${hooks.url}/cmk?who=acme` });
  await world.store.alerts.insertWebhook(webhook, 5, anAuditEvent());
  const sender = new WebhookSender({ key: KEY, clock: world.clock, networks, ca: [hooks.caPem] });
  const broker = world.outbox({ senders: { MAIL: null, WEBHOOK: sender } });
  return { ...world, hooks, webhook, broker };
}

/** The one check that docs/alerts.md shows, as it stands there. */
async function documentedCheck(): Promise<
  (header: string, body: string, secret: string, nowMs?: number) => boolean
> {
  const [, snippet = ''] = /```js\n([^]*?)```/.exec(readFileSync('docs/alerts.md', 'utf8')) ?? [];
  const module = (await import(`data:text/javascript,${encodeURIComponent(snippet)}`)) as {
    isFromCmk: (header: string, body: string, secret: string, nowMs?: number) => boolean;
  };
  return module.isFromCmk;
}

test('an alert is posted once, with a signature that the documented check accepts', async (t) => {
  const { store, clock, hooks, webhook, broker, seen } = await hookWorld(t);
  const alert = anAlert({}, { at: clock.wallMs(), kekId: 'ours' });
  await store.alerts.raise([alert]);
  for (let twice = 0; twice < 2; twice++) await deliverNow(broker);
  t.deepEqual(seen.ends, ['WEBHOOK DELIVERED']);
  t.is(hooks.posts.length, 1);
  const [post] = hooks.posts;
  if (!post) return;
  const { path, headers, body } = post;
  t.is(path, '/cmk?who=acme');
  t.is(headers['content-type'], 'application/json');
  const { text, ...facts } = JSON.parse(body) as Record<string, unknown>;
  t.deepEqual(facts, {
    id: headers['cmk-delivery'],
    account: 'acme',
    at: new Date(alert.at).toISOString(),
    ...alert.facts,
  });
  t.regex(JSON.stringify(text), /disabled in your KMS/);

  const isFromCmk = await documentedCheck();
  const secret = webhookSecret(KEY, webhook.id).reveal();
  const header = String(headers['cmk-signature']);
  const nowMs = clock.wallMs();
  t.true(isFromCmk(header, body, secret, nowMs));
  t.false(isFromCmk(header, `${body} `, secret, nowMs), 'another body');
  t.false(isFromCmk(header, body, webhookSecret(KEY, 'another').reveal(), nowMs), 'another secret');
  t.false(isFromCmk(header, body, secret, nowMs + 301_000), 'an old one');
  t.false(isFromCmk(header.replace(/t=\d+/, `t=${Math.floor(nowMs / 1000) + 1}`), body, secret, nowMs));
  for (const malformed of ['', 'v1=', 't=1', `t=x,v1=${'0'.repeat(64)}`, `${header}0`]) {
    t.false(isFromCmk(malformed, body, secret, nowMs), malformed);
  }
});

test('secrets differ by webhook and by key, and are not in the database', async (t) => {
  const { webhook, store } = await hookWorld(t);
  const secret = webhookSecret(KEY, webhook.id).reveal();
  t.regex(secret, /^whsec_[\w-]{43}$/);
  t.not(secret, webhookSecret(KEY, aWebhook().id).reveal());
  t.not(secret, webhookSecret(new Secret(`${KEY.reveal()}x`), webhook.id).reveal());
  t.deepEqual(await store.alerts.webhooks('acme'), [webhook]);
});

for (const status of [301, 302, 307, 400, 404, 500, 503]) {
  test(`an answer ${status} is a failure, and leads nowhere`, async (t) => {
    const { store, clock, hooks, broker, seen } = await hookWorld(t);
    hooks.answer = { status, headers: { location: `${hooks.url}/elsewhere` } };
    await store.alerts.raise([anAlert({}, { at: clock.wallMs() })]);
    await deliverNow(broker);
    t.deepEqual(seen.ends, ['WEBHOOK PENDING']);
    t.is(hooks.posts.length, 1);
    hooks.answer = { status: 200 };
    clock.advance(5_000);
    await deliverNow(broker);
    t.deepEqual(seen.ends, ['WEBHOOK PENDING', 'WEBHOOK DELIVERED']);
    t.is(hooks.posts[0]?.headers['cmk-delivery'], hooks.posts[1]?.headers['cmk-delivery']);
    t.is(hooks.posts[0]?.body, hooks.posts[1]?.body);
  });
}

test('a server that never answers is left at the deadline', async (t) => {
  const { store, clock, hooks, broker, seen } = await hookWorld(t);
  hooks.answer = null;
  await store.alerts.raise([anAlert({}, { at: clock.wallMs() })]);
  await broker.runOnce();
  await eventually(() => hooks.posts.length === 1);
  clock.advance(TIMEOUT_MS);
  await broker.settled();
  t.deepEqual(seen.ends, ['WEBHOOK PENDING']);
  t.regex(String(seen.problems[0]), /no answer within 30000 ms/);
});

test('a name that leads to this machine is refused unless its network is allowed', async (t) => {
  const { store, clock, hooks, broker, seen } = await hookWorld(t, { networks: null });
  await store.alerts.raise([anAlert({}, { at: clock.wallMs() })]);
  await deliverNow(broker);
  t.deepEqual(seen.ends, ['WEBHOOK PENDING']);
  t.regex(String(seen.problems[0]), /expected a public address/);
  t.is(hooks.posts.length, 0);
});

const REFUSED: Record<string, string> = {
  'no TLS': 'http://hooks.test/',
  'no URL': 'hooks.test',
  'a user name': 'https://me@hooks.test/',
  'a fragment': 'https://hooks.test/#x',
  'this machine': 'https://127.0.0.1/',
  'this machine, written otherwise': 'https://0x7f.1/',
  'this machine, IPv6': 'https://[::1]/',
  'this machine, mapped': 'https://[::ffff:127.0.0.1]/',
  'a metadata service': 'https://169.254.169.254/latest',
  'a private network': 'https://10.0.0.1/',
};

for (const [name, url] of Object.entries(REFUSED)) {
  test(`a webhook's URL is refused: ${name}`, (t) => {
    t.throws(() => parseWebhookUrl(url, null), { code: 'INVALID_ARGUMENT', message: /^url: expected / });
  });
}

test('a webhook’s URL may have a port, a path, a query, and an address that is allowed', (t) => {
  t.is(parseWebhookUrl('https://hooks.test:8443/a?b=c', null), 'https://hooks.test:8443/a?b=c');
  t.is(parseWebhookUrl('https://127.0.0.1/', LOOPBACK), 'https://127.0.0.1/');
  t.is(parseWebhookUrl('https://[::1]/', LOOPBACK), 'https://[::1]/');
});
