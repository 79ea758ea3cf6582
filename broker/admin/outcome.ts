import type { FastifyReply } from 'fastify';
import { PROBLEM_TYPE } from './problem.ts';

/** How a request came out: with 400 and above the body is a problem. */
export interface Outcome {
  readonly status: number;
  readonly body: object;
  readonly headers?: Readonly<Record<string, string>>;
}

export function sendOutcome(reply: FastifyReply, { status, body, headers = {} }: Outcome): FastifyReply {
  if (status >= 400) void reply.type(PROBLEM_TYPE);
  return reply.headers(headers).code(status).send(body);
}
