import test from 'ava';
import { withPlaintext } from '../../../broker/keys/grant.ts';
import { DataKey } from '../../../core/data-key.ts';

test('the bytes lent for an answer are overwritten, also when the answer fails', (t) => {
  const dataKey = DataKey.generate();
  const lent: Buffer[] = [];
  withPlaintext({ dataKey }, (key) => {
    t.true(key.equals(dataKey.copyBytes()));
    lent.push(key);
  });
  t.throws(() =>
    withPlaintext({ dataKey }, (key) => {
      lent.push(key);
      throw new Error('cannot be sent');
    }),
  );
  for (const key of lent) t.deepEqual(key, Buffer.alloc(32));
});
