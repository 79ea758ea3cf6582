import test from 'ava';
import { CmkError } from '../../../core/errors.ts';
import { KeyEventWriter, type KeyEventEntry } from '../../../broker/store/key-event-writer.ts';

const entry = (kekId: string) => ({ event: { kekId, reason: 'KEY_DISABLED', at: 0 } }) as KeyEventEntry;

/** A writer over a database that refuses what `refuse` names, and notes each transaction. */
function writerOver(refuse: (kekIds: readonly string[]) => CmkError | null = () => null) {
  const transactions: string[][] = [];
  let position = 0;
  const writer = new KeyEventWriter(async (entries) => {
    const kekIds = entries.map(({ event }) => event.kekId);
    transactions.push(kekIds);
    await Promise.resolve();
    const refusal = refuse(kekIds);
    if (refusal) throw refusal;
    return entries.map(({ event }) => ({ ...event, position: ++position }));
  });
  return { writer, transactions };
}

test('what comes while a transaction is under way goes into the next one, in order', async (t) => {
  const { writer, transactions } = writerOver();
  const events = await Promise.all(['a', 'b', 'c'].map((kekId) => writer.append(entry(kekId))));
  t.deepEqual(transactions, [['a'], ['b', 'c']]);
  t.deepEqual(
    events.map(({ kekId, position }) => `${kekId} ${position}`),
    ['a 1', 'b 2', 'c 3'],
  );
});

test('what the database cannot take does not fail its neighbours', async (t) => {
  const { writer } = writerOver((kekIds) => (kekIds.includes('b') ? new CmkError('INTERNAL', 'no') : null));
  const ends = await Promise.allSettled(['a', 'b', 'c'].map((kekId) => writer.append(entry(kekId))));
  t.deepEqual(
    ends.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
});

test('a database that is away is not asked once for each', async (t) => {
  const { writer, transactions } = writerOver(() => new CmkError('STORE_UNAVAILABLE', 'away'));
  const ends = await Promise.allSettled(['a', 'b', 'c'].map((kekId) => writer.append(entry(kekId))));
  t.true(ends.every(({ status }) => status === 'rejected'));
  t.is(transactions.length, 2);
});
