import { randomInt } from 'node:crypto';
import test from 'ava';
import { crashUnderLoad } from '../support/crash-load.ts';

/** On each database; 100 were shown, in two minutes each. */
const KILLS = Number(process.env['CMK_TEST_KILLS'] ?? 25);

for (const database of ['sqlite', 'postgres'] as const) {
  test.serial(
    `${KILLS} kills of the broker and 2 of sidecars under load, on ${database}: nothing is lost`,
    async (t) => {
      const seed = Number(process.env['CMK_TEST_SEED'] ?? randomInt(2 ** 31));
      const suite = `system-broker-crash-${database}`;
      await crashUnderLoad(t, { suite, database, brokerKills: KILLS, sidecarKills: 2, seed });
    },
  );
}
