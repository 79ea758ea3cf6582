import test from 'ava';
import { DataKey } from '../../core/data-key.ts';
import { ProcessKey, SealedKey } from '../../runtime/sealed-key.ts';
import { DrivenClock } from '../support/driven-clock.ts';

function seal(name = 'a') {
  const dataKey = DataKey.generate();
  const plain = dataKey.copyBytes();
  const processKey = new ProcessKey(new DrivenClock()).current();
  return { plain, processKey, dataKey, sealed: new SealedKey(processKey, name, dataKey) };
}

test('opens to the same key, as often as asked', (t) => {
  const { sealed, plain } = seal();
  t.deepEqual(sealed.open().copyBytes(), plain);
  t.deepEqual(sealed.open().copyBytes(), plain);
});

test('disposes of the key that it took over', (t) => {
  const { dataKey } = seal();
  t.throws(() => dataKey.copyBytes(), { code: 'INTERNAL' });
});

test('shows no run of the key’s bytes', (t) => {
  const { sealed, plain } = seal();
  for (let start = 0; start <= plain.length - 4; start++) {
    t.is(sealed.sealed.indexOf(plain.subarray(start, start + 4)), -1);
  }
});

test('one key sealed twice looks different', (t) => {
  const { processKey, plain } = seal();
  const [one, two] = [1, 2].map(() => new SealedKey(processKey, 'a', DataKey.take(Buffer.from(plain))));
  t.notDeepEqual(one?.sealed, two?.sealed);
});

test('changed memory does not open', (t) => {
  const { sealed } = seal();
  for (let position = 0; position < sealed.sealed.length; position++) {
    flip(sealed.sealed, position);
    t.throws(() => sealed.open());
    flip(sealed.sealed, position);
  }
  t.notThrows(() => sealed.open());
});

test('a key sealed under one name does not open under another', (t) => {
  const { processKey, sealed } = seal('a');
  const other = new SealedKey(processKey, 'b', DataKey.generate());
  sealed.sealed.copy(other.sealed);
  t.throws(() => other.open());
});

test('a wiped key is all zeros and does not open', (t) => {
  const { sealed } = seal();
  sealed.wipe();
  t.true(sealed.isWiped);
  t.true(sealed.sealed.every((byte) => byte === 0));
  t.throws(() => sealed.open());
});

test('the process key is renewed each five minutes', (t) => {
  const clock = new DrivenClock();
  const processKey = new ProcessKey(clock);
  const first = processKey.current();
  clock.advance(299_999);
  t.is(processKey.current(), first);
  clock.advance(1);
  t.false(processKey.current().equals(first));
});

function flip(bytes: Buffer, position: number): void {
  bytes.writeUInt8(bytes.readUInt8(position) ^ 1, position);
}
