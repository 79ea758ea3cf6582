import test from 'ava';
import { issue } from '../../../support/broker-world.ts';
import { eventually } from '../../../support/eventually.ts';
import { operatorDesk } from '../../../support/operator-desk.ts';

const ACCOUNT = ['--account', 'acme'];

test('contacts are set, shown and taken away', async (t) => {
  const { admin, words, json } = await operatorDesk(t);
  t.is(await words('contacts', 'show', ...ACCOUNT), 'nobody gets mail\n');
  const emails = ['a@acme.test', 'b@acme.test'];
  t.deepEqual(await json('contacts', 'set', ...ACCOUNT, '--email', ...emails), { emails });
  t.is(await words('contacts', 'show', ...ACCOUNT), 'E-MAIL\na@acme.test\nb@acme.test\n');
  t.is((await admin('contacts', 'set', ...ACCOUNT)).code, 2);
  t.deepEqual(await json('contacts', 'show', ...ACCOUNT), { emails });
  t.is(await words('contacts', 'set', ...ACCOUNT, '--none'), 'nobody gets mail\n');
});

test('webhooks are added with their secret, listed without it, and removed', async (t) => {
  const { words, json, world } = await operatorDesk(t, {
    CMK_WEBHOOK_KEY: Buffer.alloc(32, 7).toString('base64'),
  });
  const added = (await json('webhooks', 'add', 'https://hooks.acme.test/cmk', ...ACCOUNT)) as {
    webhook: { id: string };
    secret: string;
  };
  const listed = await words('webhooks', 'list', ...ACCOUNT);
  t.regex(
    listed,
    /^WEBHOOK +ADDED +URL\n[0-9a-f-]{36} {2}\d{4}-\d\d-\d\dT[\d:.]+Z {2}https:\/\/hooks\.acme\.test\/cmk\n$/,
  );
  t.false(listed.includes(added.secret));
  t.regex(
    await words('webhooks', 'add', 'https://hooks.acme.test/two', ...ACCOUNT),
    /^secret +whsec_\S+ \(shown this once/m,
  );
  t.deepEqual(
    await json('webhooks', 'list', ...ACCOUNT),
    (await world.admin('GET', '/v1/accounts/acme/webhooks')).body,
  );
  const { id } = added.webhook;
  t.is(await words('webhooks', 'remove', id, ...ACCOUNT), `webhook ${id} is removed\n`);
  t.false((await words('webhooks', 'list', ...ACCOUNT)).includes(id));
});

test('alerts say what happened, in words, with its cause and what to do', async (t) => {
  const { words, json, world } = await operatorDesk(t);
  const { kms, reference, recorder, admin } = world;
  t.is(await words('alerts', 'list', ...ACCOUNT), 'no alerts\n');
  await words('contacts', 'set', ...ACCOUNT, '--email', 'keys@acme.test');
  kms.key(reference).state = 'DISABLED';
  await t.throwsAsync(issue(recorder), { code: 'KEY_DISABLED' });
  await eventually(async () => (await words('alerts', 'list', ...ACCOUNT)).includes('fails'));
  t.regex(
    await words('alerts', 'list', ...ACCOUNT),
    /^TIME +TOLD +WHAT HAPPENED\n(.*\n)?\d{4}-\S+Z {2}1 (on the way|not configured) +fake:customer seals: fails, before: works: KEY_DISABLED\. The customer disabled/,
  );
  const listed = (await json('alerts', 'list', ...ACCOUNT, '--limit', '1')) as { alerts: { id: string }[] };
  const { alerts } = (await admin('GET', '/v1/accounts/acme/alerts?limit=1000')).body as typeof listed;
  t.is(listed.alerts.length, 1);
  t.true(alerts.some(({ id }) => id === listed.alerts[0]?.id));
  t.regex(await words('alerts', 'test', ...ACCOUNT), /Z {2}1 on the way +a test: nothing happened\n$/);
});
