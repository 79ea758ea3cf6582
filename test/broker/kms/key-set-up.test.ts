import test from 'ava';
import fc from 'fast-check';
import { CmkError } from '../../../core/errors.ts';
import type { SetUpDocument, SetUpFacts } from '../../../broker/kms/set-up.ts';
import { PROVIDER_NAMES } from '../../../broker/model/types.ts';
import { CustomersShell, hostile, keySetUpFor, type OPERATOR } from '../../support/set-up.ts';

const EXAMPLES: readonly SetUpFacts[] = [
  { provider: 'aws', awsAccount: '111122223333', regions: ['us-east-1', 'us-west-2'] },
  {
    provider: 'aws',
    awsAccount: '111122223333',
    regions: ['us-east-1'],
    role: { name: 'cmk', externalId: 'ext:0001' },
  },
  {
    provider: 'azure',
    kind: 'vault',
    vault: 'acme-keys',
    key: 'recordings',
    subscription: '11111111-2222-4333-8444-555555555555',
    resourceGroup: 'keys',
    location: 'westeurope',
  },
  {
    provider: 'oci',
    tenancy: 'ocid1.tenancy.oc1..aaaacustomer',
    compartment: 'Keys',
    key: `ocid1.key.oc1.iad.examplevault1.${'a'.repeat(60)}`,
  },
  {
    provider: 'transit',
    url: 'https://vault.example/v1/acme/transit/keys/recordings',
    namespace: 'acme',
    method: 'jwt',
    loginMount: 'jwt',
    role: 'cmk-broker',
  },
  { provider: 'pkcs11', uri: 'pkcs11:token=acme;object=recordings;id=%01' },
];

test('there are documents for every provider', (t) => {
  t.deepEqual(new Set(EXAMPLES.map(({ provider }) => provider)), new Set(PROVIDER_NAMES));
  for (const facts of EXAMPLES) {
    const documents = keySetUpFor()('acme', facts);
    t.true(documents.some(({ who }) => who === 'CUSTOMER'));
    t.is(new Set(documents.map(({ title }) => title)).size, documents.length, 'titles are unique');
    t.false(JSON.stringify(documents).includes('<CMK_'));
  }
});

const SETTINGS: Record<SetUpFacts['provider'], readonly (keyof typeof OPERATOR)[]> = {
  aws: ['CMK_AWS_PRINCIPAL'],
  azure: ['CMK_AZURE_APPLICATION'],
  oci: ['CMK_OCI_TENANCY', 'CMK_OCI_GROUP', 'CMK_OCI_GROUP_NAME'],
  transit: ['CMK_TRANSIT_SUBJECT', 'CMK_TRANSIT_AUDIENCE'],
  pkcs11: [],
};

test('what the operator has not set is a placeholder, and the note names the setting', (t) => {
  for (const facts of EXAMPLES) {
    const documents = keySetUpFor({})('acme', facts);
    const shown = new Set<string>();
    for (const { text, note = '' } of documents) {
      for (const [, setting = ''] of text.matchAll(/<(CMK_\w+)>/g)) {
        shown.add(setting);
        t.true(note.includes(`The operator must set `) && note.includes(setting));
      }
    }
    t.deepEqual([...shown].sort(), [...SETTINGS[facts.provider]].sort());
  }
});

test('a placeholder stands in commands as a text, not as a redirection', (t) => {
  const shell = new CustomersShell();
  t.teardown(() => shell.remove());
  for (const facts of EXAMPLES)
    for (const { language, text } of keySetUpFor({})('acme', facts))
      if (language === 'sh') t.notThrows(() => shell.run(text));
});

/** Facts in which one is replaced by, or goes on with, a hostile text. */
const hostileFacts = fc
  .record({
    example: fc.constantFrom(...EXAMPLES),
    pick: fc.nat(),
    text: hostile,
    appended: fc.boolean(),
    account: fc.oneof({ weight: 3, arbitrary: fc.constant('acme') }, { weight: 1, arbitrary: hostile }),
  })
  .map(({ example, pick, text, appended, account }) => {
    const names = Object.keys(example).filter(
      (name) => name !== 'provider' && name !== 'kind' && name !== 'method',
    );
    const name = names[pick % names.length] ?? '';
    const before: unknown = example[name as keyof SetUpFacts];
    return { account, facts: { ...example, [name]: spoilt(before, appended, text) } };
  });

function spoilt(before: unknown, appended: boolean, text: string): unknown {
  if (Array.isArray(before)) return [...(appended ? (before as unknown[]) : []), text];
  if (typeof before === 'object' && before !== null)
    return Object.fromEntries(
      Object.entries(before).map(([name, value]) => [name, spoilt(value, appended, text)]),
    );
  // In a URI bytes are escaped, and so could be anything.
  if (String(before).startsWith('pkcs11:'))
    return `pkcs11:token=t${encodeURIComponent(text)};object=${encodeURIComponent(text)}`;
  return appended ? `${String(before)}${text}` : text;
}

test('hostile facts are refused, or they are data in every language that they land in', (t) => {
  const shell = new CustomersShell();
  t.teardown(() => shell.remove());
  let made = 0;
  t.notThrows(() =>
    fc.assert(
      fc.property(hostileFacts, ({ account, facts }) => {
        const documents = documentsOrRefusal(account, facts);
        for (const document of documents ?? []) checkHarmless(shell, document);
        made += documents ? 1 : 0;
      }),
      { numRuns: 300 },
    ),
  );
  t.true(made > 10, `${made} of them made documents`);
});

function documentsOrRefusal(account: string, facts: SetUpFacts): readonly SetUpDocument[] | null {
  try {
    return keySetUpFor()(account, facts);
  } catch (error) {
    if (error instanceof CmkError && error.code === 'INVALID_ARGUMENT') return null;
    throw error;
  }
}

/** @throws Error */
function checkHarmless(shell: CustomersShell, { language, text, title }: SetUpDocument): void {
  // Anything that got out would call a program that is not there, or leave a quote open.
  if (language === 'sh') shell.run(text);
  if (language === 'json') JSON.parse(text);
  const outside = text.replace(/"(?:[^"\\]|\\.)*"/g, '""');
  if (language === 'hcl' && (/\$\{|%\{/.test(text) || /[^\w\s.,:={}()[\]"#~>'/-]/.test(outside)))
    throw new Error(`${title} breaks out: ${text}`);
}
