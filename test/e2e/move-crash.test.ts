import { randomInt } from 'node:crypto';
import test from 'ava';
import { moveUnderCrashes } from '../support/move-crashes.ts';

/** Data keys move between keys, whatever dies on the way. test/system does this with many more on PostgreSQL. */
test.serial('500 data keys move while the broker is killed: none is lost', async (t) => {
  t.timeout(5 * 60_000);
  const seed = Number(process.env['CMK_TEST_SEED'] ?? randomInt(2 ** 31));
  const plan = { suite: 'move-crash', database: 'sqlite', dataKeys: 500, kills: 2 } as const;
  await moveUnderCrashes(t, { ...plan, perSecond: 200, seed });
});
