import { randomInt } from 'node:crypto';
import test from 'ava';
import { crashUnderLoad } from '../support/crash-load.ts';

/** No plaintext data key leaves the broker before its wrapped form is durable. test/system does this a hundred times. */

const BROKER_KILLS = 8;

for (const database of ['sqlite', 'postgres'] as const) {
  test.serial(`the broker is killed under load, on ${database}: no data key is lost`, async (t) => {
    const seed = Number(process.env['CMK_TEST_SEED'] ?? randomInt(2 ** 31));
    const suite = `broker-crash-${database}`;
    await crashUnderLoad(t, { suite, database, brokerKills: BROKER_KILLS, sidecarKills: 0, seed });
  });
}
