import test from 'ava';
import { DataKey } from '../../core/data-key.ts';
import type { EncryptionContext } from '../../core/encryption-context.ts';
import { HeaderReader } from '../../core/header.ts';
import { brokerDataKey } from '../../core/reference.ts';
import { officialOpen, officialSeal } from '../support/official-client.ts';
import { attemptToOpen, piecesOf, RECORDING, samplePlaintext, seal } from '../support/sealed-files.ts';

const KiB = 1024;
const PIECE_BYTES = 100_000;

const dataKey = DataKey.generate();

for (const frameBytes of [KiB, 64 * KiB, KiB * KiB]) {
  const lengths = {
    '0': 0,
    '1': 1,
    'F-1': frameBytes - 1,
    F: frameBytes,
    'F+1': frameBytes + 1,
    '10F': 10 * frameBytes,
  };
  for (const [name, bytes] of Object.entries(lengths)) {
    test(`frames of ${frameBytes / KiB} KiB, ${name} bytes: each side opens what the other seals`, async (t) => {
      const plaintext = samplePlaintext(bytes);
      const options = { dataKey, frameBytes, ...RECORDING };

      const ours = seal(piecesOf(plaintext, PIECE_BYTES), options);
      const openedByThem = await officialOpen(ours, dataKey);
      t.true(openedByThem.plaintext.equals(plaintext));
      t.deepEqual(openedByThem.context, RECORDING.context);

      const theirs = await officialSeal(plaintext, options);
      const openedByUs = attemptToOpen(piecesOf(theirs, PIECE_BYTES), dataKey);
      t.is(openedByUs.error, null);
      t.true(openedByUs.released.equals(plaintext));

      // With their message id we write their very bytes: nothing is left to interpretation.
      const messageId = new HeaderReader().push(theirs)?.header.messageId;
      t.truthy(messageId);
      if (messageId) t.true(seal(plaintext, { ...options, messageId }).equals(theirs));
    });
  }
}

const CONTEXTS: Record<string, EncryptionContext> = {
  empty: {},
  'of a recording': RECORDING.context,
  'of a voicemail with signs in its id': {
    ...RECORDING.context,
    srvId: '0002',
    type: 'Voicemail',
    id: '~!"$%&/()=?#<>|{}',
  },
  'with the longest fields': { ...RECORDING.context, acct: 'a'.repeat(64), id: 'i'.repeat(256) },
  'with an empty value': { key: '' },
  'with keys outside ASCII': { straße: 'Zürich', 日本: '語', '😀': '🎥' },
};

for (const [name, context] of Object.entries(CONTEXTS)) {
  test(`context ${name}: each side reads the other's`, async (t) => {
    const plaintext = samplePlaintext(100);
    const options = { ...RECORDING, dataKey, frameBytes: 64, context };
    t.deepEqual((await officialOpen(seal(plaintext, options), dataKey)).context, context);

    const theirs = await officialSeal(plaintext, options);
    t.deepEqual(new HeaderReader().push(theirs)?.header.context, context);
    t.is(attemptToOpen([theirs], dataKey).error, null);
  });
}

test('several encrypted data keys pass unchanged both ways', async (t) => {
  const encryptedDataKeys = [
    brokerDataKey('a', 7),
    {
      providerId: 'aws-kms',
      providerInfo: Buffer.from('arn:aws:kms:eu-west-1:1:key/x'),
      ciphertext: Buffer.alloc(184, 9),
    },
  ];
  const options = { ...RECORDING, dataKey, frameBytes: 64, encryptedDataKeys };
  const { plaintext } = await officialOpen(seal(samplePlaintext(10), options), dataKey);
  t.true(plaintext.equals(samplePlaintext(10)));

  const theirs = new HeaderReader().push(await officialSeal(samplePlaintext(10), options));
  t.deepEqual(
    theirs?.header.encryptedDataKeys.map(({ providerId, providerInfo, ciphertext }) => ({
      providerId,
      providerInfo: Buffer.from(providerInfo),
      ciphertext: Buffer.from(ciphertext),
    })),
    encryptedDataKeys,
  );
});

test('the official client refuses our file when one bit of it is changed', async (t) => {
  const sealed = seal(samplePlaintext(100), { ...RECORDING, dataKey, frameBytes: 64 });
  sealed[sealed.length - 20] = (sealed[sealed.length - 20] ?? 0) ^ 1;
  await t.throwsAsync(officialOpen(sealed, dataKey));
});
