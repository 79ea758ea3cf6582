import { randomInt } from 'node:crypto';
import test from 'ava';
import { moveUnderCrashes } from '../support/move-crashes.ts';

/** Data keys move between keys, whatever dies on the way. test/system does this with 100,000. */
for (const database of ['sqlite', 'postgres'] as const) {
  test.serial(`2,000 data keys move while the broker is killed, on ${database}: none is lost`, async (t) => {
    t.timeout(5 * 60_000);
    const seed = Number(process.env['CMK_TEST_SEED'] ?? randomInt(2 ** 31));
    const suite = `move-crash-${database}`;
    await moveUnderCrashes(t, { suite, database, dataKeys: 2_000, kills: 3, perSecond: 200, seed });
  });
}
