import test from 'ava';
import type { Attention } from '../../../../portal/api/types.gen.ts';
import { matters } from '../../../../portal/pages/overview/matters.ts';

const failure = (kekId: string, reference: string, use: 'ENCRYPT' | 'DECRYPT'): Attention => ({
  level: 'URGENT',
  code: 'KEY_FAILED',
  kekId,
  lifecycle: 'ACTIVE',
  reference,
  use,
  cause: 'KEY_DISABLED',
  since: 1,
});

test('a key that fails in several places and uses is one matter, and other things are one each', (t) => {
  const attention: Attention[] = [
    failure('one', 'a', 'ENCRYPT'),
    failure('two', 'b', 'ENCRYPT'),
    failure('one', 'a', 'DECRYPT'),
    failure('one', 'c', 'DECRYPT'),
    { level: 'SET_UP', code: 'NO_CONTACTS' },
    { level: 'SET_UP', code: 'NOTHING_ENROLLED' },
  ];
  t.deepEqual(
    matters(attention).map((matter) => matter.length),
    [3, 1, 1, 1],
  );
});
