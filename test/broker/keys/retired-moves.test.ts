import test from 'ava';
import { eventually } from '../../support/eventually.ts';
import { moveWorld, rotate, turn, after, found, countUnder } from '../../support/move-world.ts';

/** What a move does while one of its keys is retired. */

const confirmed = (dataKeys: number) => ({ acceptUnreadable: true, dataKeys, acceptNoKey: true });

for (const [which, dataKeys] of [
  ['kek', 5],
  ['second', 0],
] as const) {
  const name = which === 'kek' ? 'from which data keys move' : 'to which data keys move';
  test(`a key ${name} is retired: the move says so, touches nothing, and goes on when it is back`, async (t) => {
    const world = await moveWorld(t, 5);
    const retired = world[which];
    const move = await rotate(world);
    await world.keyLife.retire('operator', 'acme', retired.id, confirmed(dataKeys));
    await turn(world);
    const waiting = await found(world, move);
    t.like(waiting, { state: 'RUNNING', moved: 0, left: 5, failed: 0 });
    t.deepEqual(waiting.problem, {
      code: 'KEY_RETIRED',
      detail: `${retired.references[0]} was retired: bring it back, or cancel the move`,
    });
    t.deepEqual([world.kms.count('wrap'), world.observer.background], [0, []]);
    t.is(await countUnder(world, world.kek), 5);
    if (which === 'kek') await t.throwsAsync(rotate(world), { code: 'CONFLICT', message: /is RETIRED/ });

    await world.keyLife.restore('operator', 'acme', retired.id);
    await eventually(async () => {
      await after(world, 10_000);
      return (await countUnder(world, world.second)) === 5;
    });
    t.is((await found(world, move)).problem, null);
  });
}

test('a key that is retired in the middle of a move gives away no more than the page under way', async (t) => {
  const world = await moveWorld(t, 40, { moveRate: 10 });
  const move = await rotate(world);
  await world.mover.poll();
  await eventually(async () => (await found(world, move)).moved === 10);
  await world.keyLife.retire('operator', 'acme', world.kek.id, confirmed(30));
  await eventually(async () => {
    world.clock.advance(250);
    return (await found(world, move)).problem !== null;
  });
  await world.mover.settled();
  t.like(await found(world, move), { problem: { code: 'KEY_RETIRED' }, moved: 20, left: 20 });
});
