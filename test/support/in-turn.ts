let last: Promise<unknown> = Promise.resolve();

/**
 * Makes one after the other what the tests of a file would make all at once: each gets the processor for itself while it
 * is being made, in place of all waiting for one another until somebody's time limit is over.
 */
export function inTurn<T>(make: () => Promise<T>): Promise<T> {
  const turn = last.then(make);
  last = turn.catch(() => undefined);
  return turn;
}
