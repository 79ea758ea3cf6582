import { readFileSync } from 'node:fs';
import test from 'ava';
import type { SetUpDocument } from '../../../broker/kms/set-up.ts';
import { PROVIDER_NAMES } from '../../../broker/model/types.ts';
import { brokerWorld } from '../../support/broker-world.ts';
import { keySetUpFor, OPERATOR, textOf } from '../../support/set-up.ts';

const path = (query: Record<string, string>, account = 'acme') =>
  `/v1/accounts/${account}/key-set-up?${new URLSearchParams(query).toString()}`;

const AWS = { provider: 'aws', awsAccount: '111122223333', regions: 'us-east-1, us-west-2' };
const QUERIES: Record<string, Record<string, string>> = {
  azure: {
    kind: 'managed-hsm',
    vault: 'acme-keys',
    key: 'recordings',
    subscription: '11111111-2222-4333-8444-555555555555',
    resourceGroup: 'keys(eu)',
    location: 'westeurope',
  },
  oci: {
    tenancy: 'ocid1.tenancy.oc1..aaaacustomer',
    compartment: 'Keys',
    key: `ocid1.key.oc1.iad.examplevault1.${'a'.repeat(60)}`,
  },
  transit: {
    url: 'https://vault.example/v1/transit/keys/recordings',
    method: 'kubernetes',
    role: 'cmk-broker',
  },
  pkcs11: { uri: 'pkcs11:token=My%20HSM;object=recordings' },
};

test('the operator gets for an account what its customer has to do', async (t) => {
  const { admin } = await brokerWorld(t, OPERATOR);
  const { status, body } = await admin('GET', path(AWS));
  t.is(status, 200);
  const facts = { provider: 'aws', awsAccount: '111122223333', regions: ['us-east-1', 'us-west-2'] } as const;
  t.deepEqual(body, { documents: keySetUpFor()('acme', facts) });
  for (const [provider, query] of Object.entries(QUERIES)) {
    const answer = await admin('GET', path({ provider, ...query }));
    t.is(answer.status, 200, provider);
    t.deepEqual(answer.body, { documents: keySetUpFor()('acme', { provider, ...query } as never) });
  }
});

test('a role in the customer’s account demands the account’s own external id', async (t) => {
  const { admin, store } = await brokerWorld(t, OPERATOR);
  const account = await store.findAccount('acme');
  const { body } = await admin('GET', path({ ...AWS, roleName: 'cmk' }));
  const { documents } = body as { documents: SetUpDocument[] };
  t.true(
    textOf(documents, 'Trust policy of the role').includes(`"sts:ExternalId": "${account?.externalId}"`),
  );
  t.true(textOf(documents, 'Key policy').includes('arn:aws:iam::111122223333:role/cmk'));
});

test('without settings of the operator’s there are placeholders and notes', async (t) => {
  const { admin } = await brokerWorld(t);
  const { documents } = (await admin('GET', path(AWS))).body as { documents: SetUpDocument[] };
  t.true(textOf(documents, 'Key policy').includes('"<CMK_AWS_PRINCIPAL>"'));
  t.regex(documents[0]?.note ?? '', /The operator must set CMK_AWS_PRINCIPAL/);
});

test('the requests on the pages are answered with what the pages show', async (t) => {
  const { admin } = await brokerWorld(t, OPERATOR);
  for (const provider of PROVIDER_NAMES) {
    const page = readFileSync(`docs/kms/${provider}.md`, 'utf8');
    const request =
      /"http:\/\/127\.0\.0\.1:8080(\/v1\/accounts\/acme\/key-set-up\?.+?)"/.exec(page)?.[1] ?? '';
    const ocid = `ocid1.key.oc1.iad.examplevault1.${'a'.repeat(60)}`;
    const { status, body } = await admin('GET', request.replace('OCID', ocid));
    t.is(status, 200, provider);
    const { documents } = body as { documents: SetUpDocument[] };
    const shown = documents.filter(({ text }) => page.includes(`\n${text}\n`));
    t.true(shown.length >= documents.length - 2, `${provider}: ${shown.length} of ${documents.length}`);
  }
});

const REFUSED: Record<string, readonly [Record<string, string>, detail: RegExp]> = {
  'no provider': [{}, /provider/],
  'a provider that there is not': [{ provider: 'abacus' }, /provider/],
  'a fact missing': [{ provider: 'aws', awsAccount: '111122223333' }, /regions/],
  'a fact of another provider': [{ ...AWS, vault: 'acme-keys' }, /additional/],
  'an empty fact': [{ ...AWS, keyId: '' }, /keyId/],
  'a kind of vault that there is not': [{ provider: 'azure', ...QUERIES['azure'], kind: 'safe' }, /kind/],
  'an external id of somebody’s choice': [{ ...AWS, roleName: 'cmk', externalId: 'mine' }, /additional/],
  'a fact that would break out': [{ ...AWS, awsAccount: `1'; id` }, /^awsAccount: expected twelve digits/],
  'a URI that is none': [{ provider: 'pkcs11', uri: 'token=acme' }, /PKCS#11 URI/],
};

test('whatever is refused is a problem that names what is wrong', async (t) => {
  const { admin } = await brokerWorld(t, OPERATOR);
  for (const [name, [query, detail]] of Object.entries(REFUSED)) {
    const { status, body } = await admin('GET', path(query));
    t.is(status, 400, name);
    t.like(body, { code: 'INVALID_ARGUMENT' }, name);
    t.regex((body as { detail: string }).detail, detail, name);
  }
  const unknown = await admin('GET', path(AWS, 'nobody'));
  t.is(unknown.status, 404);
  t.like(unknown.body, { code: 'ACCOUNT_UNKNOWN' });
});
