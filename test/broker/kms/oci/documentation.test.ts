import { readFile } from 'node:fs/promises';
import test from 'ava';
import { OciServiceError, toKmsError } from '../../../../broker/kms/oci/errors.ts';
import { OciKmsProvider } from '../../../../broker/kms/oci/provider.ts';
import { KMS_CAUSES, KmsError, type KmsCause } from '../../../../broker/kms/provider.ts';
import { KEY_STATES } from '../../../../sandbox/oci-kms/key-store.ts';
import { ociConfigFor, startOciWorld } from '../../../support/oci-kms.ts';

const CALL = { timeoutMs: 10_000 };
const CONTEXT = { acct: 'acme', id: 'meeting' };

const page = await readFile('docs/kms/oci.md', 'utf8');
const rows = [...page.matchAll(/^\| (.+?) \| `([A-Z_]+)` \| (yes|no) \| (.+?) \|$/gm)].map(
  ([, says = '', cause = '', decision = '', advice = '']) => ({
    says,
    cause: cause as KmsCause,
    decision,
    advice,
  }),
);

test('the documented statements allow what the broker does with this key, and nothing else', async (t) => {
  const world = await startOciWorld();
  const { kms, provider, customer, broker } = world;
  t.teardown(() => kms.close());
  const [key, other] = [kms.createKey({ vault: customer.vault }), kms.createKey({ vault: customer.vault })];
  const [endorse, admit] = [...page.matchAll(/```text\n([^]*?)```/g)].map(([, text = '']) =>
    text
      .replaceAll('ocid1.tenancy.oc1..aaaaprovider', provider.tenancy)
      .replaceAll('ocid1.tenancy.oc1..aaaacustomer', customer.tenancy)
      .replaceAll('ocid1.dynamicgroup.oc1..aaaabroker', provider.group)
      .replaceAll(/ocid1\.key\.oc1\.iad\.examplevault1\.a+/g, key)
      .trim()
      .split('\n'),
  );
  if (!endorse || !admit) throw new Error('expected two policies in docs/kms/oci.md');
  const oci = new OciKmsProvider(ociConfigFor(kms), broker);
  t.teardown(() => oci.close());

  kms.putPolicy({ tenancy: provider.tenancy, name: 'cmk', statements: endorse });
  await t.throwsAsync(oci.describe(key, CALL), { code: 'KEY_PERMISSION_REVOKED' });
  kms.putPolicy({ tenancy: customer.tenancy, name: 'cmk', statements: admit });
  t.like(await oci.describe(key, CALL), { state: 'ENABLED', usable: true });
  const { dataKey, wrapped } = await oci.generate(key, CONTEXT, CALL);
  await t.notThrowsAsync(oci.wrap(key, dataKey, CONTEXT, CALL));
  await t.notThrowsAsync(oci.unwrap(key, wrapped, CONTEXT, CALL));
  await t.throwsAsync(oci.generate(other, CONTEXT, CALL), { code: 'KEY_PERMISSION_REVOKED' });
  kms.removePolicy(provider.tenancy, 'cmk');
  await t.throwsAsync(oci.unwrap(key, wrapped, CONTEXT, CALL), { code: 'KEY_PERMISSION_REVOKED' });
});

test('the page’s table of causes is complete, and right about whose decision each is', (t) => {
  const documented = Object.fromEntries(rows.map(({ cause, decision }) => [cause, decision === 'yes']));
  const actual = Object.entries(KMS_CAUSES).map(([cause, { customerDecision }]) => [cause, customerDecision]);
  t.deepEqual(documented, Object.fromEntries(actual));
  t.true(rows.every(({ advice }) => advice.length > 0));
});

test('every answer that the table names has the cause that it says', (t) => {
  let checked = 0;
  for (const { says, cause } of rows) {
    for (const [, status = '', code = ''] of says.matchAll(/(\d{3}) `(\w+)`/g)) {
      const answer = { status: Number(status), code, requestId: '', retryAfterMs: null };
      const error = toKmsError(
        new OciServiceError(answer, ''),
        cause === 'CONTEXT_MISMATCH' ? 'unwrap' : 'describe',
      );
      t.is(error instanceof KmsError && error.kmsCause, cause, `${status} ${code}`);
      checked++;
    }
  }
  t.true(checked >= 10, 'the table names answers');
});

for (const state of KEY_STATES) {
  test(`a key that is ${state} fails as the table says`, async (t) => {
    const documented = rows.find(({ says }) => says.includes(`\`${state}\``))?.cause ?? 'UNREACHABLE';
    const world = await startOciWorld();
    const { kms, provider, customer, broker } = world;
    t.teardown(() => kms.close());
    const anywhere = ['Endorse dynamic-group cmk-broker to use keys in any-tenancy'];
    kms.putPolicy({ tenancy: provider.tenancy, name: 'cmk', statements: anywhere });
    const admit = [
      `Define tenancy Provider as ${provider.tenancy}`,
      `Define dynamic-group Broker as ${provider.group}`,
      'Admit dynamic-group Broker of tenancy Provider to use keys in tenancy',
    ];
    kms.putPolicy({ tenancy: customer.tenancy, name: 'cmk', statements: admit });
    const key = kms.createKey({ vault: customer.vault });
    const oci = new OciKmsProvider(ociConfigFor(kms), broker);
    t.teardown(() => oci.close());
    kms.setKeyState(key, state);
    if (documented === 'KEY_NOT_FOUND') {
      await t.throwsAsync(oci.describe(key, CALL), { code: 'KEY_NOT_FOUND' });
    } else {
      const { reason } = await oci.describe(key, CALL);
      t.is(reason, state === 'ENABLED' ? undefined : `the key is ${state}`);
    }
    if (state === 'ENABLED') {
      await t.notThrowsAsync(oci.generate(key, CONTEXT, CALL));
      return;
    }
    const error = await t.throwsAsync(oci.generate(key, CONTEXT, CALL), { instanceOf: KmsError });
    t.is(error.kmsCause, documented);
  });
}
