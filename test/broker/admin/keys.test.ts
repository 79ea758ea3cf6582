import test from 'ava';
import { brokerWorld, issue } from '../../support/broker-world.ts';

const NOBODYS = '00000000-0000-4000-8000-000000000000';

interface KeyAnswer {
  readonly key: { lifecycle: string; references: string[]; statuses: Record<string, unknown>[] };
}

test('keys are shown with their statuses, and live their life', async (t) => {
  const { admin, kms, kekId, reference, recorder } = await brokerWorld(t);
  const keys = '/v1/accounts/acme/keys';
  await issue(recorder);
  const { body } = await admin('GET', `${keys}/${kekId}`);
  const { key } = body as KeyAnswer;
  t.like(key, { id: kekId, lifecycle: 'ACTIVE', references: [reference] });
  t.false('canary' in key);
  t.deepEqual(
    key.statuses.map(({ use, reference: of, cause }) => ({ use, of, cause })),
    ['ENCRYPT', 'DECRYPT'].map((use) => ({ use, of: reference, cause: null })),
  );
  t.deepEqual((await admin('GET', keys)).body, { keys: [key], next: null });

  const newer = await admin('POST', keys, { provider: 'aws', references: [kms.createKey('newer')] });
  t.is(newer.status, 201);
  const asset = { account: 'acme', srvId: '0001', type: 'MeetingWebinarRecording', id: 'two' };
  await issue(recorder, { asset });
  const radius = await admin('GET', `${keys}/${kekId}/blast-radius`);
  t.like(radius.body, { blastRadius: { dataKeys: 1, assets: 1, newData: 'UNAFFECTED' } });
  const replica = kms.replicate(reference, 'customer-replica');
  const references = [replica, reference];
  const set = await admin('PUT', `${keys}/${kekId}/references`, { references });
  t.is(set.status, 200);
  t.like(set.body, { references });
  const verified = await admin('POST', `${keys}/${kekId}/verify`);
  t.is(verified.status, 200);
  t.like(verified.body, { ok: true });
  const retired = await admin('POST', `${keys}/${kekId}/retire`, { acceptUnreadable: true, dataKeys: 1 });
  t.deepEqual(retired, { status: 200, body: { position: 1 } });
  const restored = await admin('POST', `${keys}/${kekId}/restore`);
  t.is((restored.body as KeyAnswer).key.lifecycle, 'DECRYPT_ONLY');
});

type Refusal = readonly [method: string, path: string, body: unknown, status: number, says: RegExp];

/** KEY: an ACTIVE key of acme that protects one data key, with a DECRYPT_ONLY one, OLD, and a RETIRED one, GONE. */
const REFUSED: Record<string, Refusal> = {
  ...Object.fromEntries(
    (
      [
        ['GET', ''],
        ['GET', '/blast-radius'],
        ['POST', '/retire', {}],
        ['POST', '/retire', { acceptUnreadable: true, dataKeys: 1 }],
        ['POST', '/restore'],
        ['POST', '/verify'],
        ['PUT', '/references', { references: ['fake:customer'] }],
      ] as const
    ).flatMap(([method, path, body]): [string, Refusal][] => [
      [`another account’s: ${method} ${path}`, [method, `globex/keys/KEY${path}`, body, 404, /no such key/]],
      [`nobody’s: ${method} ${path}`, [method, `acme/keys/${NOBODYS}${path}`, body, 404, /no such key/]],
      [
        `no key at all: ${method} ${path}`,
        [method, `acme/keys/nonsense${path}`, body, 400, /key must match/],
      ],
      [`the platform’s: ${method} ${path}`, [method, `acme/keys/PLATFORM${path}`, body, 404, /no such key/]],
    ]),
  ),
  'the keys of no account': ['GET', 'nobody/keys', undefined, 404, /no account/],
  'the last key in use is not retired': [
    'POST',
    'acme/keys/KEY/retire',
    { acceptUnreadable: true, dataKeys: 1 },
    409,
    /new assets of the account would be under the platform key: .* acceptNoKey/,
  ],
  'nor with that word alone': ['POST', 'acme/keys/KEY/retire', { acceptNoKey: true }, 409, /it protects 1:/],
  'nor with a word that is none': [
    'POST',
    'acme/keys/KEY/retire',
    { acceptUnreadable: true, dataKeys: 1, acceptNoKey: 'yes' },
    400,
    /boolean/,
  ],
  'a key that protects something is not retired': ['POST', 'acme/keys/OLD/retire', {}, 409, /it protects 1:/],
  'nor without a word': ['POST', 'acme/keys/OLD/retire', undefined, 409, /it protects 1:/],
  'nor when another number is confirmed': [
    'POST',
    'acme/keys/OLD/retire',
    { acceptUnreadable: true, dataKeys: 2 },
    409,
    /expected 2 data keys, it protects 1/,
  ],
  'nor when no number is': ['POST', 'acme/keys/OLD/retire', { acceptUnreadable: true }, 400, /^dataKeys/],
  'nor with a number alone': ['POST', 'acme/keys/OLD/retire', { dataKeys: 1 }, 409, /it protects 1:/],
  'a number as a text': [
    'POST',
    'acme/keys/OLD/retire',
    { acceptUnreadable: true, dataKeys: '1' },
    400,
    /integer/,
  ],
  'an unknown field': ['POST', 'acme/keys/OLD/retire', { force: true }, 400, /additional/],
  'a retired key is not retired again': ['POST', 'acme/keys/GONE/retire', {}, 409, /it is RETIRED/],
  'only a retired key is brought back': [
    'POST',
    'acme/keys/KEY/restore',
    undefined,
    409,
    /be RETIRED .* ACTIVE/,
  ],
  'a retired key gets no replicas': [
    'PUT',
    'acme/keys/GONE/references',
    { references: ['fake:gone'] },
    409,
    /it is RETIRED/,
  ],
  'the last reference is not removed': [
    'PUT',
    'acme/keys/KEY/references',
    { references: [] },
    400,
    /fewer than 1/,
  ],
  'one reference twice': [
    'PUT',
    'acme/keys/KEY/references',
    { references: ['fake:customer', 'fake:customer'] },
    400,
    /different/,
  ],
  'a reference that is none': [
    'PUT',
    'acme/keys/KEY/references',
    { references: ['nonsense'] },
    400,
    /fake:name/,
  ],
  'another key’s reference': [
    'PUT',
    'acme/keys/KEY/references',
    { references: ['fake:customer', 'fake:old'] },
    422,
    /./,
  ],
  'another account’s reference': [
    'PUT',
    'acme/keys/KEY/references',
    { references: ['fake:customer', 'fake:platform'] },
    409,
    /no other account/,
  ],
};

test('whatever is refused says why, and changes nothing', async (t) => {
  const { admin, kms, store, recorder, kekId } = await brokerWorld(t);
  const enrol = async (name: string) => {
    const answer = await admin('POST', '/v1/accounts/acme/keys', {
      provider: 'aws',
      references: [kms.createKey(name)],
    });
    return (answer.body as { key: { id: string } }).key.id;
  };
  const asset = (id: string) => ({
    asset: { account: 'acme', srvId: '0001', type: 'MeetingWebinarRecording', id },
  });
  const gone = await enrol('gone');
  t.is((await admin('POST', `/v1/accounts/acme/keys/${gone}/retire`)).status, 200);
  await issue(recorder, asset('one'));
  const active = await enrol('old');
  await issue(recorder, asset('two'));
  const [platform] = await store.listKeks(null);
  // The key of the fixture is the older one.
  const ids = { KEY: active, OLD: kekId, GONE: gone, PLATFORM: platform?.id ?? '' };
  const facts = async () => [
    await store.listKeks('acme'),
    await store.listKeks(null),
    await store.newestKeyPosition(),
  ];
  const before = await facts();
  for (const [name, [method, path, body, status, says]] of Object.entries(REFUSED)) {
    const real = path.replace(/KEY|OLD|GONE|PLATFORM/, (id) => ids[id as keyof typeof ids]);
    const swapped = JSON.parse(
      JSON.stringify(body ?? null).replace(/fake:(customer|old)/g, (_, id) =>
        id === 'customer' ? 'fake:old' : 'fake:customer',
      ),
    ) as unknown;
    const answer = await admin(method, `/v1/accounts/${real}`, body === undefined ? undefined : swapped);
    t.is(answer.status, status, name);
    t.regex((answer.body as { detail: string }).detail, says, name);
    t.deepEqual(await facts(), before, name);
  }
});
