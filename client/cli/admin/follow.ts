import { setTimeout as pause } from 'node:timers/promises';
import { abortError } from '../../errors.ts';
import type { Io } from '../io.ts';
import { startNoted } from '../progress.ts';
import { rateInText, type Move } from './move-view.ts';

const POLL_MS = 1_000;

/**
 * Shows the progress of a move on a terminal until it runs no more.
 * @returns the last answer
 * @throws CmkError as `read`, CANCELLED
 */
export async function follow(read: () => Promise<{ move: Move }>, io: Io): Promise<{ move: Move }> {
  let answer = await read();
  const progress = await startNoted('move', answer.move.total, io);
  try {
    while (answer.move.state === 'RUNNING') {
      progress.update(answer.move.moved, noteOf(answer.move));
      await pause(POLL_MS, undefined, { signal: io.signal }).catch(() => {
        throw abortError(io.signal);
      });
      answer = await read();
    }
    progress.update(answer.move.moved, noteOf(answer.move));
    return answer;
  } finally {
    progress.stop();
  }
}

function noteOf(move: Move): string {
  if (move.problem) return `waits: ${move.problem.code}`;
  const { estimatedEndAt } = move;
  const end = estimatedEndAt === null ? '' : `, until ${new Date(estimatedEndAt).toISOString()}`;
  return `${rateInText(move)}${end}`;
}
