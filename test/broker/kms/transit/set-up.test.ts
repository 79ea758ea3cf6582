import test from 'ava';
import { parseServers } from '../../../../broker/kms/transit/servers.ts';
import { transitPolicy } from '../../../../broker/kms/transit/policy.ts';
import type { TransitSetUpFacts } from '../../../../broker/kms/transit/set-up.ts';
import { startTransit } from '../../../../sandbox/transit/emulator.ts';
import { CustomersShell, keySetUpFor, OPERATOR, textOf } from '../../../support/set-up.ts';
import { kubernetesLogin, providerFor, tokenFile } from '../../../support/transit.ts';

const CALL = { timeoutMs: 10_000 };
const CONTEXT = { acct: 'acme', srvId: '0001', type: 'Clip', id: 'clip-1', timestamp: '1659431372' };
const DENIED = { code: 'KEY_PERMISSION_REVOKED' };
const FACTS: TransitSetUpFacts = {
  url: 'https://vault.acme.example:8200/v1/transit/keys/recordings',
  method: 'kubernetes',
  role: 'cmk-broker',
};
const IN_NAMESPACE: TransitSetUpFacts = {
  url: 'https://bao.example/v1/customers/umbrella/keys-of/us/keys/recordings',
  namespace: 'customers/umbrella',
  method: 'jwt',
  loginMount: 'spiffe',
  role: 'cmk-broker',
};

const documentsOf = (facts: Partial<TransitSetUpFacts> = {}, env: NodeJS.ProcessEnv = OPERATOR) =>
  keySetUpFor(env)('acme', { provider: 'transit', ...FACTS, ...facts });

/** `name=value` arguments of a `vault write`. */
function writtenBy(call: readonly string[] = []): Record<string, string> {
  return Object.fromEntries(
    call.slice(3).map((pair) => pair.split(/=(.*)/s).slice(0, 2) as [string, string]),
  );
}

test('the key, the policy and the role are what the broker needs, for this key and account alone', async (t) => {
  const transit = await startTransit();
  t.teardown(() => transit.close());
  const documents = documentsOf({ url: transit.keyUrl('transit', 'recordings') });
  const shell = new CustomersShell();
  t.teardown(() => shell.remove());
  const [enable, create] = shell.run(textOf(documents, 'Engine and key'));
  t.deepEqual(enable, ['vault', 'secrets', 'enable', 'transit']);
  t.deepEqual(create, ['vault', 'write', '-f', 'transit/keys/recordings', 'type=aes256-gcm96']);
  const key = transit.createKey('recordings', { type: 'aes256-gcm96' });
  const [policy] = shell.run(textOf(documents, 'Policy: command'));
  transit.putPolicy(policy?.[3] ?? '', textOf(documents, 'Policy'));
  const [login] = shell.run(textOf(documents, 'Login'));
  t.is(login?.[2], 'auth/kubernetes/role/cmk-broker');
  const written = writtenBy(login);
  transit.putRole('kubernetes', 'cmk-broker', {
    subject: `system:serviceaccount:${written['bound_service_account_namespaces']}:${written['bound_service_account_names']}`,
    audience: written['audience'] ?? '',
    policies: [written['token_policies'] ?? ''],
    ttlSeconds: 3_600,
  });
  t.is(written['token_ttl'], '1h');

  const jwt = transit.issueJwt({ sub: OPERATOR.CMK_TRANSIT_SUBJECT, aud: OPERATOR.CMK_TRANSIT_AUDIENCE });
  const provider = providerFor(transit, kubernetesLogin(tokenFile(jwt)));
  t.teardown(() => provider.close());
  t.like(await provider.describe(key, CALL), { state: 'ENABLED', usable: true });
  const { dataKey, wrapped } = await provider.generate(key, CONTEXT, CALL);
  await t.notThrowsAsync(provider.wrap(key, dataKey, CONTEXT, CALL));
  await t.notThrowsAsync(provider.unwrap(key, wrapped, CONTEXT, CALL));
  await t.throwsAsync(provider.generate(key, { ...CONTEXT, acct: 'globex' }, CALL), DENIED);
  await t.throwsAsync(provider.generate(transit.createKey('other'), CONTEXT, CALL), DENIED);
});

test('in a namespace, mount and policy are less the namespace, and every command is in it', (t) => {
  const documents = documentsOf(IN_NAMESPACE);
  t.is(
    textOf(documents, 'Policy'),
    transitPolicy({ mount: 'keys-of/us', name: 'recordings', account: 'acme' }).trimEnd(),
  );
  for (const { language, text } of documents)
    if (language === 'sh') t.regex(text, /^export VAULT_NAMESPACE=customers\/umbrella\n/);
  const shell = new CustomersShell();
  t.teardown(() => shell.remove());
  const [enable] = shell.run(textOf(documents, 'Engine and key'));
  t.deepEqual(enable, ['vault', 'secrets', 'enable', '-path=keys-of/us', 'transit']);
  const [login] = shell.run(textOf(documents, 'Login'));
  t.is(login?.[2], 'auth/spiffe/role/cmk-broker');
  t.like(writtenBy(login), {
    role_type: 'jwt',
    user_claim: 'sub',
    bound_subject: OPERATOR.CMK_TRANSIT_SUBJECT,
    bound_audiences: OPERATOR.CMK_TRANSIT_AUDIENCE,
    token_policies: 'cmk-recordings',
  });
});

for (const [name, facts] of Object.entries<Partial<TransitSetUpFacts>>({
  kubernetes: {},
  'kubernetes elsewhere': { loginMount: 'clusters/eu' },
  jwt: IN_NAMESPACE,
  token: { method: 'token' },
})) {
  test(`the broker reads its entry: ${name}`, (t) => {
    const { method, loginMount = method, namespace = '', url, role } = { ...FACTS, ...facts };
    const [server] = parseServers(textOf(documentsOf(facts), 'Entry in the list of servers'));
    t.like(server, { origin: new URL(url).origin, namespace });
    t.like(server?.login, method === 'token' ? { method } : { method, mount: loginMount, role });
  });
}

test('a token is periodic, so that it can be kept', (t) => {
  t.regex(
    textOf(documentsOf({ method: 'token' }), 'Login'),
    /^vault token create .*-period=24h .*-policy=cmk-recordings$/,
  );
});

for (const [name, facts] of Object.entries<Partial<TransitSetUpFacts>>({
  'no URL': { url: 'transit/keys/recordings' },
  'a wildcard as key': { url: FACTS.url.replace('recordings', '*') },
  'a key with a quote': { url: FACTS.url.replace('recordings', `a"b`) },
  'a template in the mount': { url: FACTS.url.replace('/transit/', '/{{identity.entity.id}}/') },
  'a namespace that the URL is not in': { namespace: 'elsewhere' },
  'a namespace with a line': { namespace: 'a\nb' },
  'a role with a space': { role: 'cmk broker' },
  'a login mount that climbs': { loginMount: '../sys' },
})) {
  test(`refused: ${name}`, (t) => {
    t.throws(() => documentsOf(facts), { code: 'INVALID_ARGUMENT' });
  });
}

for (const [name, names] of Object.entries({
  account: { mount: 'transit', name: 'k', account: 'a\npath "sys/*"' },
  mount: { mount: 'a" {', name: 'k', account: 'acme' },
  key: { mount: 'transit', name: '+', account: 'acme' },
})) {
  test(`no policy for a hostile ${name}`, (t) => {
    t.throws(() => transitPolicy(names), { code: 'INVALID_ARGUMENT' });
  });
}
