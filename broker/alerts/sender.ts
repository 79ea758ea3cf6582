import type { Delivery } from '../model/alerts.ts';
import type { Account } from '../model/types.ts';

/**
 * Hands messages over to those who carry them.
 *
 * What an implementer promises: when `send` fulfils, the other side has taken the message. When the signal aborts it
 * rejects at once and leaves no socket behind. Each attempt for one delivery sends the same message under the same id.
 */
export interface Sender {
  /** @throws SendError, or anything else for a failure that may pass */
  send(delivery: Delivery, account: Account, signal: AbortSignal): Promise<void>;
}

/** Why a message was not taken. The text is for operators; it holds nothing secret. */
export class SendError extends Error {
  override readonly name = 'SendError';
  /** Whether trying again cannot help. */
  readonly permanent: boolean;

  constructor(message: string, options: { permanent?: boolean; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.permanent = options.permanent ?? false;
  }
}
