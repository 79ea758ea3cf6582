import { randomInt } from 'node:crypto';
import test from 'ava';
import { moveUnderCrashes } from '../support/move-crashes.ts';

const PER_SECOND = 150;
/** 100,000 take twenty minutes: asked for by whoever has them. */
const DATA_KEYS = Number(process.env['CMK_TEST_MOVED_DATA_KEYS'] ?? 6_000);

test.serial(`${DATA_KEYS} data keys move while the broker is killed 20 times: none is lost`, async (t) => {
  t.timeout(60 * 60_000);
  const seed = Number(process.env['CMK_TEST_SEED'] ?? randomInt(2 ** 31));
  const plan = { suite: 'system-move-crash', database: 'postgres', dataKeys: DATA_KEYS, kills: 20 } as const;
  const { perSecond } = await moveUnderCrashes(t, { ...plan, perSecond: PER_SECOND, seed });
  t.true(perSecond >= 0.9 * PER_SECOND, `${perSecond} a second, ${PER_SECOND} allowed`);
});

/** On SQLite: what is shown is that nothing is lost, not how fast. */
test.serial('500 data keys move on SQLite while the broker is killed: none is lost', async (t) => {
  const seed = Number(process.env['CMK_TEST_SEED'] ?? randomInt(2 ** 31));
  const plan = { suite: 'system-move-crash-sqlite', database: 'sqlite', dataKeys: 500, kills: 2 } as const;
  await moveUnderCrashes(t, { ...plan, perSecond: 200, seed });
});
