import test from 'ava';
import { CmkError } from '../../core/errors.ts';
import { brokerDataKey, findBrokerDataKey, parseReference } from '../../core/reference.ts';

const own = brokerDataKey('0199e2a4-7b1c', 258);
const kms = { providerId: 'aws-kms', providerInfo: Buffer.from('arn'), ciphertext: Buffer.from('blob') };

test('the entry is written as documented', (t) => {
  t.is(own.providerId, 'cmk-broker');
  t.is(Buffer.from(own.providerInfo).toString(), '0199e2a4-7b1c');
  t.is(Buffer.from(own.ciphertext).toString('hex'), '0100000102');
});

test('the entry is found wherever it stands', (t) => {
  for (const encryptedDataKeys of [[own], [kms, own], [own, kms]]) {
    const { dataKeyId, reference } = findBrokerDataKey({ encryptedDataKeys });
    t.is(dataKeyId, '0199e2a4-7b1c');
    t.deepEqual(parseReference(reference), { generation: 258 });
  }
});

const WITHOUT: Record<string, (typeof own)[]> = {
  'another’s entry alone': [kms],
  'two entries of ours': [own, brokerDataKey('other', 1)],
  'a data-key id that is not UTF-8': [{ ...own, providerInfo: Buffer.of(0xff) }],
  'a data-key id that is too long': [{ ...own, providerInfo: Buffer.alloc(65, 'x') }],
  'a reference that is too long': [{ ...own, ciphertext: Buffer.alloc(65) }],
};
for (const [name, encryptedDataKeys] of Object.entries(WITHOUT)) {
  test(`no entry of ours: ${name}`, (t) => {
    const error = t.throws(() => findBrokerDataKey({ encryptedDataKeys }), { instanceOf: CmkError });
    t.is(error.code, 'MALFORMED');
  });
}

for (const hex of ['', '01', '0100000102ff', '0200000102', '0100000000']) {
  test(`not a reference: "${hex}"`, (t) => {
    const error = t.throws(() => parseReference(Buffer.from(hex, 'hex')), { instanceOf: CmkError });
    t.is(error.code, 'MALFORMED');
  });
}

for (const generation of [0, -1, 1.5, 2 ** 32, Number.NaN]) {
  test(`not a generation: ${generation}`, (t) => {
    t.is(t.throws(() => brokerDataKey('id', generation), { instanceOf: CmkError }).code, 'INVALID_ARGUMENT');
  });
}

for (const [name, id] of Object.entries({
  empty: '',
  'too long': 'é'.repeat(33),
  'half a surrogate pair': '\ud800',
})) {
  test(`not a data-key id: ${name}`, (t) => {
    t.is(t.throws(() => brokerDataKey(id, 1), { instanceOf: CmkError }).code, 'INVALID_ARGUMENT');
  });
}
