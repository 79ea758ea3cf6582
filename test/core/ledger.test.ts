import { createHash } from 'node:crypto';
import test from 'ava';
import { asLedgerRecord, canonicalJson, chainRecord, EMPTY_CHAIN, ledgerHash } from '../../core/ledger.ts';

test('the encoding is what docs/ledger.md says', (t) => {
  const facts = {
    id: 'a',
    detail: 'Zoë "x"\\',
    asset: { type: 'T', id: 'm', account: 'acme' },
    at: 1,
    absent: undefined,
  };
  const record = chainRecord(facts, EMPTY_CHAIN);
  const text =
    `{"asset":{"account":"acme","id":"m","type":"T"},"at":1,"detail":"Zoë \\"x\\"\\\\","id":"a",` +
    `"previousHash":"${'0'.repeat(64)}","sequence":1}`;
  t.is(record.hash, createHash('sha256').update(text, 'utf8').digest('hex'));
  t.is(canonicalJson(record), text.replace('"id":"a"', `"hash":"${record.hash}","id":"a"`));
});

test('the encoding does not depend on the order in which members came', (t) => {
  const record = chainRecord({ b: 'b', a: { d: 1, c: 2 } }, EMPTY_CHAIN);
  const { hash, ...others } = record;
  t.is(ledgerHash({ hash, ...Object.fromEntries(Object.entries(others).toReversed()) }), hash);
});

const SOUND = { ...chainRecord({ id: 'a', asset: { id: 'm' } }, EMPTY_CHAIN) };

test('what is a record, and what is none', (t) => {
  t.deepEqual(asLedgerRecord(SOUND), SOUND);
  for (const [name, value] of Object.entries({
    nothing: null,
    'a text': 'x',
    'a list': [SOUND],
    'no sequence': { ...SOUND, sequence: undefined },
    'sequence 0': { ...SOUND, sequence: 0 },
    'a sequence that is no whole number': { ...SOUND, sequence: 1.5 },
    'a sequence as text': { ...SOUND, sequence: '1' },
    'a short hash': { ...SOUND, hash: 'ab' },
    'a hash in capitals': { ...SOUND, hash: SOUND.hash.toUpperCase() },
    'no previous hash': { ...SOUND, previousHash: null },
    'an account that is a number': { ...SOUND, account: 1 },
    'a null': { ...SOUND, detail: null },
    'a list within': { ...SOUND, detail: [] },
    'a fraction within': { ...SOUND, asset: { id: 0.5 } },
  })) {
    t.is(asLedgerRecord(value), null, name);
  }
});
