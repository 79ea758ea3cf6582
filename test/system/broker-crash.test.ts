import { randomInt } from 'node:crypto';
import test from 'ava';
import { crashUnderLoad } from '../support/crash-load.ts';

for (const database of ['sqlite', 'postgres'] as const) {
  test.serial(
    `100 kills of the broker and 2 of sidecars under load, on ${database}: nothing is lost`,
    async (t) => {
      const seed = Number(process.env['CMK_TEST_SEED'] ?? randomInt(2 ** 31));
      const suite = `system-broker-crash-${database}`;
      await crashUnderLoad(t, { suite, database, brokerKills: 100, sidecarKills: 2, seed });
    },
  );
}
