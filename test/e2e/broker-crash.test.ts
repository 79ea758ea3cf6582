import { randomInt } from 'node:crypto';
import test from 'ava';
import { crashUnderLoad } from '../support/crash-load.ts';

/**
 * No plaintext data key leaves the broker before its wrapped form is durable. test/system does this fifty times,
 * and on PostgreSQL as well.
 */
test('the broker is killed under load, on sqlite: no data key is lost', async (t) => {
  const seed = Number(process.env['CMK_TEST_SEED'] ?? randomInt(2 ** 31));
  await crashUnderLoad(t, {
    suite: 'broker-crash',
    database: 'sqlite',
    brokerKills: 5,
    sidecarKills: 0,
    seed,
  });
});
