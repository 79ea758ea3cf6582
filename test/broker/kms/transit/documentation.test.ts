import { readFile } from 'node:fs/promises';
import test, { type ExecutionContext } from 'ava';
import { KMS_CAUSES } from '../../../../broker/kms/provider.ts';
import { associatedDataPrefix, transitPolicy } from '../../../../broker/kms/transit/policy.ts';
import { parseServers } from '../../../../broker/kms/transit/servers.ts';
import { startTransit, type Transit } from '../../../../sandbox/transit/emulator.ts';
import {
  BROKER_ROLE,
  BROKER_SUBJECT,
  kubernetesLogin,
  providerFor,
  tokenFile,
} from '../../../support/transit.ts';

const CALL = { timeoutMs: 10_000 };
const RECORDING = {
  acct: 'acme',
  srvId: '0001',
  type: 'MeetingWebinarRecording',
  id: '097A7CAE-21ED-4EBB-A062-09B685BD492E',
  timestamp: '1659431372',
};
const DENIED = { code: 'KEY_PERMISSION_REVOKED' };

const page = await readFile('docs/kms/transit.md', 'utf8');
const blocks = (language: string) =>
  [...page.matchAll(new RegExp(`^( *)\`\`\`${language}\\n([^]*?)\`\`\``, 'gm'))].map(
    ([, indent = '', text = '']) => text.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  );
const [policy = '', denial = ''] = blocks('hcl');

async function start(t: ExecutionContext, hcl: string) {
  const transit = await startTransit({ auditPlainKeys: ['associated_data'] });
  t.teardown(() => transit.close());
  transit.putRole('kubernetes', 'cmk-broker', BROKER_ROLE);
  transit.putPolicy('cmk', hcl);
  const provider = providerFor(
    transit,
    kubernetesLogin(tokenFile(transit.issueJwt({ sub: BROKER_SUBJECT }))),
  );
  t.teardown(() => provider.close());
  return { transit, provider, key: transit.createKey('recordings') };
}

test('the documented policy is the one that is generated', (t) => {
  t.is(policy.trimEnd(), transitPolicy({ mount: 'transit', name: 'recordings', account: 'acme' }).trimEnd());
});

test('it allows all that the broker does, for this account and key alone', async (t) => {
  const { transit, provider, key } = await start(t, policy);
  t.like(await provider.describe(key, CALL), { state: 'ENABLED', usable: true, deletion: 'PROTECTED' });
  const { dataKey, wrapped } = await provider.generate(key, RECORDING, CALL);
  await t.notThrowsAsync(provider.wrap(key, dataKey, { ...RECORDING, id: 'another' }, CALL));
  await t.notThrowsAsync(provider.unwrap(key, wrapped, RECORDING, CALL));
  for (const acct of ['acm', 'acme2', 'umbrella', '']) {
    await t.throwsAsync(provider.generate(key, { ...RECORDING, acct }, CALL), DENIED, acct);
    await t.throwsAsync(provider.unwrap(key, wrapped, { ...RECORDING, acct }, CALL), DENIED, acct);
  }
  await t.throwsAsync(provider.generate(transit.createKey('other'), RECORDING, CALL), DENIED);
});

for (const path of ['transit/encrypt/recordings', 'transit/decrypt/recordings', 'transit/keys/recordings']) {
  test(`no part of it can be left out: ${path}`, async (t) => {
    const { transit, provider, key } = await start(t, policy);
    const { wrapped } = await provider.generate(key, RECORDING, CALL);
    transit.putPolicy('cmk', policy.replace(`"${path}"`, '"nowhere"'));
    const outcomes = await Promise.allSettled([
      provider.generate(key, RECORDING, CALL),
      provider.unwrap(key, wrapped, RECORDING, CALL),
      provider.describe(key, CALL),
    ]);
    const failed = outcomes.filter(({ status }) => status === 'rejected');
    t.is(failed.length, 1);
    t.like(failed[0], { reason: DENIED });
  });
}

test('the documented line denies one recording', async (t) => {
  const { transit, provider, key } = await start(t, policy);
  const another = { ...RECORDING, id: 'another' };
  const [one, two] = [
    await provider.generate(key, RECORDING, CALL),
    await provider.generate(key, another, CALL),
  ];
  const line = denial.trim();
  t.true(line.includes(associatedDataPrefix({ acct: 'acme', id: RECORDING.id })));
  const [before = '', after = ''] = policy.split('path "transit/decrypt/recordings" {');
  transit.putPolicy('cmk', `${before}path "transit/decrypt/recordings" {\n${line}${after}`);
  await t.throwsAsync(provider.unwrap(key, one.wrapped, RECORDING, CALL), DENIED);
  await t.notThrowsAsync(provider.unwrap(key, two.wrapped, another, CALL));
});

test('the customer’s log shows who used which key for what', async (t) => {
  const { transit, provider, key } = await start(t, policy);
  const { wrapped } = await provider.generate(key, RECORDING, CALL);
  await provider.unwrap(key, wrapped, RECORDING, CALL);
  const [entry] = transit.events({ path: 'transit/decrypt/recordings' });
  t.is(entry?.auth.display_name, 'kubernetes-cmk-broker');
  const shown = Buffer.from(String(entry?.request.data?.['associated_data']), 'base64').toString('latin1');
  for (const value of Object.values(RECORDING)) t.true(shown.includes(value), value);
});

test('the ciphertext is the customer’s to decrypt without us', async (t) => {
  const { transit, provider, key } = await start(t, policy);
  const { dataKey, wrapped } = await provider.generate(key, RECORDING, CALL);
  const plaintext = await decryptByHand(transit, Buffer.from(wrapped).toString());
  t.is(plaintext.length, 64);
  t.deepEqual(plaintext.subarray(0, 32), dataKey.copyBytes());
});

async function decryptByHand(transit: Transit, ciphertext: string): Promise<Buffer> {
  const entry = transit.events({ path: 'transit/encrypt/recordings' })[0];
  const response = await fetch(`${transit.url}/v1/transit/decrypt/recordings`, {
    method: 'POST',
    headers: { 'x-vault-token': transit.createToken(['cmk']) },
    body: JSON.stringify({ ciphertext, associated_data: entry?.request.data?.['associated_data'] }),
  });
  const { data } = (await response.json()) as { data: { plaintext: string } };
  return Buffer.from(data.plaintext, 'base64');
}

test('the documented list of servers is one', (t) => {
  const [json = ''] = blocks('json');
  const servers = parseServers(json.replace(/^ *"caPath".*\n/m, ''));
  t.deepEqual(
    servers.map(({ origin, namespace, login }) => [origin, namespace, login.method]),
    [
      ['https://vault.acme.example:8200', '', 'kubernetes'],
      ['https://bao.example', 'customers/umbrella', 'jwt'],
      ['https://vault.initech.example', '', 'token'],
    ],
  );
});

test('the page’s table of causes is complete, and right about whose decision each is', (t) => {
  const rows = [...page.matchAll(/^\|.+\| `([A-Z_]+)` +\| (yes|no) +\|$/gm)];
  const documented = Object.fromEntries(rows.map(([, cause = '', decision]) => [cause, decision === 'yes']));
  const actual = Object.entries(KMS_CAUSES).map(([cause, { customerDecision }]) => [cause, customerDecision]);
  t.deepEqual(documented, Object.fromEntries(actual));
});
