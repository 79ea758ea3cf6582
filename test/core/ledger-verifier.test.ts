import test from 'ava';
import fc from 'fast-check';
import { chainRecord, EMPTY_CHAIN, type LedgerHead, type LedgerRecord } from '../../core/ledger.ts';
import { LedgerVerifier, type LedgerFault } from '../../core/ledger-verifier.ts';

/** A chain of so many records of one account. */
function chain(length: number, account = 'acme'): LedgerRecord[] {
  const records: LedgerRecord[] = [];
  for (let index = 0; index < length; index++) {
    const facts = { account, id: `event-${index + 1}`, at: 1_000 + index, detail: `what happened ${index}` };
    records.push(chainRecord(facts, headOf(records)));
  }
  return records;
}

function headOf(records: readonly LedgerRecord[]): LedgerHead {
  return records.at(-1) ?? EMPTY_CHAIN;
}

function verify(records: readonly LedgerRecord[], head: LedgerHead | null = null): LedgerFault | null {
  const verifier = new LedgerVerifier('acme');
  records.every((record) => verifier.add(record));
  return verifier.end(head);
}

/** The record with another text, and a hash that fits it: as somebody would who knows the format. */
function forged(record: LedgerRecord, changes: object = { detail: 'something else' }): LedgerRecord {
  const { sequence, previousHash, hash: _hash, ...facts } = { ...record, ...changes };
  return chainRecord(facts, { sequence: sequence - 1, hash: previousHash });
}

function without<T>(items: readonly T[], index: number): T[] {
  return items.toSpliced(index, 1);
}

function moved<T>(items: readonly T[], from: number, to: number): T[] {
  return items.toSpliced(from, 1).toSpliced(to, 0, ...items.slice(from, from + 1));
}

const WHOLE = chain(8);
const at = (sequence: number): LedgerRecord => {
  const [record] = WHOLE.slice(sequence - 1);
  if (!record) throw new Error(`no record ${sequence}`);
  return record;
};
const replaced = (sequence: number, changes: object) =>
  WHOLE.with(sequence - 1, { ...at(sequence), ...changes });

interface Damage {
  readonly records: readonly LedgerRecord[];
  readonly fault: Partial<LedgerFault>;
  /** Without it the chain alone has to tell. */
  readonly head?: LedgerHead;
}

const OTHER_HASH = 'f'.repeat(64);

const DAMAGES: Record<string, Damage> = {
  'a changed text': {
    records: replaced(4, { detail: 'nothing' }),
    fault: { kind: 'CHANGED', sequence: 4, id: 'event-4' },
  },
  'a member taken out': {
    records: replaced(4, { detail: undefined }),
    fault: { kind: 'CHANGED', sequence: 4 },
  },
  'a member added': { records: replaced(4, { source: 'KMS' }), fault: { kind: 'CHANGED', sequence: 4 } },
  'a changed hash': { records: replaced(4, { hash: OTHER_HASH }), fault: { kind: 'CHANGED', sequence: 4 } },
  'a changed link': {
    records: replaced(4, { previousHash: OTHER_HASH }),
    fault: { kind: 'CHANGED', sequence: 4 },
  },
  'a changed number': { records: replaced(4, { sequence: 6 }), fault: { kind: 'CHANGED', sequence: 4 } },
  'a changed record with a hash to match': {
    records: WHOLE.with(3, forged(at(4))),
    fault: { kind: 'REPLACED', sequence: 4, id: 'event-4' },
  },
  'the one before the last, with a hash to match': {
    records: WHOLE.with(6, forged(at(7))),
    fault: { kind: 'REPLACED', sequence: 7 },
  },
  'the same, and the head is known': {
    records: WHOLE.with(6, forged(at(7))),
    head: at(8),
    fault: { kind: 'REPLACED', sequence: 7 },
  },
  'a record relinked to nothing, with a hash to match': {
    records: WHOLE.with(3, forged(at(4), { previousHash: OTHER_HASH })),
    fault: { kind: 'REPLACED', sequence: 4 },
  },
  'the last relinked to nothing, and the head is known': {
    records: WHOLE.with(7, forged(at(8), { previousHash: OTHER_HASH })),
    head: at(8),
    fault: { kind: 'REPLACED', sequence: 8 },
  },
  'the last replaced, and the head is known': {
    records: WHOLE.with(7, forged(at(8))),
    head: at(8),
    fault: { kind: 'REPLACED', sequence: 8, id: 'event-8' },
  },
  'a first record with another link': {
    records: WHOLE.with(0, forged(at(1), { previousHash: OTHER_HASH })),
    fault: { kind: 'REPLACED', sequence: 1 },
  },
  'a first record with another text and a hash to match': {
    records: WHOLE.with(0, forged(at(1))),
    fault: { kind: 'REPLACED', sequence: 1 },
  },
  'no first record': { records: without(WHOLE, 0), fault: { kind: 'MISSING', sequence: 1, found: 2 } },
  'a removed record': { records: without(WHOLE, 3), fault: { kind: 'MISSING', sequence: 4, found: 5 } },
  'a removed record, the next renumbered and relinked': {
    records: [
      ...WHOLE.slice(0, 3),
      forged(at(5), { sequence: 4, previousHash: at(3).hash }),
      ...WHOLE.slice(5),
    ],
    fault: { kind: 'MISSING', sequence: 5 },
  },
  'neighbours in the wrong order': {
    records: moved(WHOLE, 3, 4),
    fault: { kind: 'OUT_OF_PLACE', sequence: 4, found: 5 },
  },
  'a record moved to the end': {
    records: moved(WHOLE, 3, 7),
    fault: { kind: 'OUT_OF_PLACE', sequence: 4, id: 'event-4' },
  },
  'a record moved to the front': {
    records: moved(WHOLE, 3, 0),
    fault: { kind: 'OUT_OF_PLACE', sequence: 1, found: 4 },
  },
  'a record twice': {
    records: WHOLE.toSpliced(4, 0, at(4)),
    fault: { kind: 'INSERTED', sequence: 4 },
  },
  'a forged record put in': {
    records: WHOLE.toSpliced(4, 0, chainRecord({ account: 'acme', id: 'forged' }, at(4))),
    fault: { kind: 'INSERTED', sequence: 5, id: 'event-5' },
  },
  'another account’s record in a place': {
    records: WHOLE.with(3, forged(at(4), { account: 'globex' })),
    fault: { kind: 'OTHER_ACCOUNT', sequence: 4 },
  },
  'another account’s chain': {
    records: chain(8, 'globex'),
    fault: { kind: 'OTHER_ACCOUNT', sequence: 1 },
  },
  'a tail cut off': {
    records: WHOLE.slice(0, 6),
    head: at(8),
    fault: { kind: 'TRUNCATED', sequence: 7, found: null },
  },
  'all cut off': { records: [], head: at(8), fault: { kind: 'TRUNCATED', sequence: 1 } },
  'a record added at the end': {
    records: [...WHOLE, chainRecord({ account: 'acme' }, at(8))],
    head: at(8),
    fault: { kind: 'BEYOND_HEAD', sequence: 9 },
  },
  'everything rewritten from a record on': {
    records: rewrittenFrom(4),
    head: at(8),
    fault: { kind: 'REPLACED', sequence: 8 },
  },
};

function rewrittenFrom(sequence: number): LedgerRecord[] {
  const records = WHOLE.slice(0, sequence - 1);
  for (const { sequence: _s, previousHash: _p, hash: _h, ...facts } of WHOLE.slice(sequence - 1)) {
    records.push(chainRecord({ ...facts, detail: 'another story' }, headOf(records)));
  }
  return records;
}

for (const [name, { records, head, fault }] of Object.entries(DAMAGES)) {
  test(`found and named: ${name}`, (t) => {
    t.like(verify(records, head ?? null), fault);
  });
}

test('a whole chain has no fault, with and without its head, from the start and from a kept head on', (t) => {
  t.is(verify(WHOLE), null);
  t.is(verify(WHOLE, at(8)), null);
  t.is(verify([], EMPTY_CHAIN), null);
  const later = new LedgerVerifier('acme', at(5));
  for (const record of WHOLE.slice(5)) later.add(record);
  t.is(later.end(at(8)), null);
  t.deepEqual([later.count, later.head], [3, { sequence: 8, hash: at(8).hash }]);
});

test('any one record changed, removed, moved, forged or put in is found, at its place or a neighbour’s', (t) => {
  const length = 20;
  const records = chain(length);
  const place = fc.integer({ min: 0, max: length - 1 });
  const change = fc.constantFrom('change', 'remove', 'move', 'forge', 'insert');
  const property = fc.property(change, place, place, fc.string(), (kind, index, other, text) => {
    const [victim] = records.slice(index);
    if (!victim) return false;
    fc.pre(kind !== 'move' || index !== other);
    const damaged = {
      change: () => records.with(index, { ...victim, detail: `${text}!` }),
      remove: () => without(records, index),
      move: () => moved(records, index, other),
      forge: () => records.with(index, forged(victim, { detail: `${text}!` })),
      insert: () => records.toSpliced(index, 0, forged(victim, { detail: `${text}!` })),
    }[kind]();
    const fault = verify(damaged, headOf(records));
    const named = fault?.sequence ?? 0;
    const expected = kind === 'move' ? Math.min(index, other) + 1 : index + 1;
    // Of two records with one number it is the second that comes too late.
    return fault !== null && named === expected;
  });
  fc.assert(property, { numRuns: 2_000 });
  t.pass();
});
