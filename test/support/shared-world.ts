import test, { type ExecutionContext } from 'ava';

/** What a world needs of the test that it is made for. */
export type Teardowns = Pick<ExecutionContext, 'teardown'>;

/**
 * A world that all tests of a file share: made before the first, torn down after the last, also when it could not be made
 * whole.
 */
export function sharedWorld<W>(make: (t: Teardowns) => Promise<W>): () => W {
  const teardowns: (() => unknown)[] = [];
  let world: { readonly it: W } | null = null;
  test.before('the world is made', async () => {
    world = { it: await make({ teardown: (teardown) => void teardowns.unshift(teardown) }) };
  });
  test.after.always('the world is torn down', async () => {
    const errors: unknown[] = [];
    for (const teardown of teardowns) {
      try {
        await teardown();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw new AggregateError(errors, 'not everything could be torn down');
  });
  return () => {
    if (world) return world.it;
    throw new Error('the world is not made yet');
  };
}
