import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CmkError } from '../../core/errors.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { IdempotencyStore } from '../store/store.ts';
import { sendOutcome, type Outcome } from './outcome.ts';

/** Longer than a request is served, verifications too: who took a key and died has let go of it after that. */
const TAKEN_MS = 180_000;
const ANSWER_MS = 24 * 60 * 60_000;
/** Of one account within a day. */
const MAX_KEYS = 10_000;

/** Without headers: they are not kept. */
type Made = Omit<Outcome, 'headers'>;

export interface Secrets {
  /** What of an answer is kept: no secret. */
  readonly conceal: (body: object) => object;
  /** The answer again, of what was kept. */
  readonly reveal: (body: object) => object;
}

/**
 * Serves requests that make something once, however often they are sent with one Idempotency-Key. Answers that say that
 * something was made are kept for a day; a request that failed may be sent again with its key.
 */
export class Idempotency {
  readonly #store: IdempotencyStore;
  readonly #clock: Clock;

  constructor(options: { store: IdempotencyStore; clock: Clock }) {
    this.#store = options.store;
    this.#clock = options.clock;
  }

  /**
   * @param account whose key it is
   * @param make serves the request
   * @throws CmkError INVALID_ARGUMENT, CONFLICT when the key stands for another request, or for one that is being
   *   served; STORE_UNAVAILABLE; what `make` throws
   */
  async serve(
    request: FastifyRequest,
    reply: FastifyReply,
    account: string,
    make: () => Promise<Made>,
    secrets?: Secrets,
  ): Promise<FastifyReply> {
    const key = keyOf(request);
    if (key === null) return sendOutcome(reply, await make());
    const wanted = { account, key, hash: hashOf(request) };
    const nowMs = Math.trunc(this.#clock.wallMs());
    const stored = await this.#store.take(wanted, { nowMs, untilMs: nowMs + TAKEN_MS }, MAX_KEYS);
    if (stored) {
      const { status, body } = answerOf(stored, wanted.hash);
      return sendOutcome(reply.header('idempotent-replay', 'true'), {
        status,
        body: secrets?.reveal(body) ?? body,
      });
    }
    return sendOutcome(reply, await this.#serveFirst(wanted, make, secrets));
  }

  async #serveFirst(
    wanted: Parameters<IdempotencyStore['release']>[0],
    make: () => Promise<Made>,
    secrets?: Secrets,
  ): Promise<Made> {
    let made: Made;
    try {
      made = await make();
    } catch (error) {
      await this.#store.release(wanted);
      throw error;
    }
    if (made.status >= 400) {
      await this.#store.release(wanted);
      return made;
    }
    const body = JSON.stringify(secrets?.conceal(made.body) ?? made.body);
    const untilMs = Math.trunc(this.#clock.wallMs()) + ANSWER_MS;
    await this.#store.answered(wanted, { status: made.status, body }, untilMs);
    return made;
  }
}

function keyOf({ headers }: FastifyRequest): string | null {
  const key = headers['idempotency-key'];
  if (key === undefined) return null;
  if (typeof key === 'string' && /^[\x21-\x7e]{1,128}$/.test(key)) return key;
  throw new CmkError('INVALID_ARGUMENT', 'idempotency-key: expected 1 to 128 visible characters', {
    metadata: { field: 'idempotency-key' },
  });
}

/** Somebody else's request is another one, even when it says the same. */
function hashOf({ method, url, body, principal }: FastifyRequest): string {
  return createHash('sha256')
    .update(JSON.stringify([method, url, body, principal?.name]))
    .digest('base64url');
}

function answerOf(
  { hash, answer }: { hash: string; answer: { status: number; body: string } | null },
  wanted: string,
): Made {
  if (hash !== wanted) {
    throw new CmkError('CONFLICT', 'idempotency-key: expected one for this request, it is another one’s');
  }
  if (!answer) throw new CmkError('CONFLICT', 'the request with this idempotency-key is still being served');
  return { status: answer.status, body: JSON.parse(answer.body) as object };
}
