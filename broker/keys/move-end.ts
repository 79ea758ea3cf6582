import { newAlert, type Alert, type MoveOutcome } from '../model/alerts.ts';
import type { Move, MoveProblem } from '../model/moves.ts';
import type { Kek } from '../model/types.ts';

/**
 * What an account's contacts are told when a move has ended.
 * @param keys the first of the keys that data keys moved from, and the one that they moved to
 * @param underSources data keys that are still under the keys that they moved from, whether they were to be moved or not
 */
export function moveEnded(
  { account, moved, left }: Move,
  outcome: MoveOutcome,
  { keys, underSources, nowMs }: { keys: { from: Kek; to: Kek }; underSources: number; nowMs: number },
): Alert {
  const { from, to } = keys;
  const reference = (kek: Kek) => (kek.account === null ? null : kek.references[0]);
  return newAlert(
    nowMs,
    { account, kekId: to.id },
    {
      kind: 'MOVE_ENDED',
      from: reference(from),
      to: reference(to),
      outcome,
      moved,
      // What else is under the platform key is none of the customer's business.
      left: from.account === null ? left : underSources,
    },
  );
}

/** What becomes of data keys that a move takes away from the recovery of the key in use, for an audit event. */
export function stayingInWords(staying: number): string {
  return staying === 0 ? '' : `; ${staying} made in fallback stay under the platform key`;
}

/** A retired key opens nothing, not for a move either, and takes nothing. @returns null: neither of the two is retired */
export function retiredProblem({ from, to }: { from: Kek; to: Kek }): MoveProblem | null {
  const retired = [from, to].find(({ lifecycle }) => lifecycle === 'RETIRED');
  if (!retired) return null;
  const way = 'bring it back, or cancel the move';
  return { code: 'KEY_RETIRED', detail: `${retired.references[0]} was retired: ${way}` };
}
