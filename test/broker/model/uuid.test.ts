import test from 'ava';
import { uuidv7 } from '../../../broker/model/uuid.ts';

test('a UUIDv7 carries its time, version and variant', (t) => {
  // The example of RFC 9562, appendix A.6: 2022-02-22 14:22:22.000 -05:00.
  t.regex(uuidv7(1_645_557_742_000), /^017f22e2-79b0-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test('ids of one millisecond sort by their making, 4096 of them', (t) => {
  const ids = Array.from({ length: 4096 }, () => uuidv7(1_700_000_000_123));
  t.deepEqual(ids.toSorted(), ids);
  t.is(new Set(ids).size, 4096);
});

test('ids never repeat, though the clock stands still or goes back', (t) => {
  const ids = Array.from({ length: 50_000 }, (_, index) => uuidv7(1_700_000_000_000 - (index % 3)));
  t.is(new Set(ids).size, ids.length);
});
