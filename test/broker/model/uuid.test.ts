import test from 'ava';
import { isUuid, uuidv7 } from '../../../broker/model/uuid.ts';

test('ids are UUIDs of version 7 that say when they were made', (t) => {
  const id = uuidv7(Date.UTC(2099, 0, 1));
  t.true(isUuid(id));
  t.regex(id, /^.{14}7.{4}[89ab]/);
  t.is(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16), Date.UTC(2099, 0, 1));
});

test('ids sort in the order of their making, also within a millisecond and when the clock goes back', (t) => {
  const start = Date.UTC(2100, 0, 1);
  const ids = Array.from({ length: 10_000 }, (_, index) => uuidv7(start - (index % 3)));
  t.deepEqual([...ids].sort(), ids);
  t.is(new Set(ids).size, ids.length);
});
