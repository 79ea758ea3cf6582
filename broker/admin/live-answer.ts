import type { FastifyReply, FastifyRequest } from 'fastify';
import { toCmkError } from '../../core/errors.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Onlooker } from '../keys/verify-key.ts';
import { LineStream } from './line-stream.ts';
import { NDJSON } from './operation.ts';
import { sendOutcome, type Outcome } from './outcome.ts';
import { toProblem } from './problem.ts';

/**
 * Serves a request in which a key is verified: with one answer, or to whoever accepts lines with each step as it begins and
 * ends, and then the answer or the problem. What fails before the first step is a problem as ever. When the listener goes
 * away, the verification ends with the step that runs.
 * @throws what `work` throws before its first step
 */
export async function answerLive(
  request: FastifyRequest,
  reply: FastifyReply,
  logger: Logger,
  work: (onlooker: Onlooker) => Promise<Outcome>,
): Promise<FastifyReply> {
  void reply.header('vary', 'accept');
  if (!request.headers.accept?.includes(NDJSON)) return sendOutcome(reply, await work({}));
  const lines = new LineStream();
  const gone = new AbortController();
  lines.once('close', () => gone.abort());
  let hasBegun: (begun: 'BEGUN') => void = () => undefined;
  const begun = new Promise<'BEGUN'>((resolve) => (hasBegun = resolve));
  const done = work({
    onBegin(step) {
      hasBegun('BEGUN');
      lines.tell({ step: { ...step, outcome: 'RUNNING', cause: null, detail: null, advice: null } });
    },
    onStep: (step) => lines.tell({ step }),
    gone: gone.signal,
  });
  const first = await Promise.race([begun, done]);
  if (first !== 'BEGUN') return sendOutcome(reply, first);
  void tellEnd(done, lines, (error) => {
    logger.error({ err: error, method: request.method, route: request.routeOptions.url }, 'a request failed');
  });
  return reply.type(NDJSON).header('x-accel-buffering', 'no').send(lines);
}

async function tellEnd(
  done: Promise<Outcome>,
  lines: LineStream,
  onInternal: (error: unknown) => void,
): Promise<void> {
  try {
    const { status, body } = await done;
    lines.end(status >= 400 ? { problem: body } : { answer: body });
  } catch (error) {
    if (toCmkError(error).code === 'INTERNAL') onInternal(error);
    lines.end({ problem: toProblem(error) });
  }
}
