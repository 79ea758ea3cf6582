import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { TextSealer } from './sealed-text.ts';

const BYTES = 32;

/** What a browser holds of its session. The store knows a hash of it alone, and so cannot be used to sign in. */
export class SessionId {
  readonly #bytes: Buffer;

  private constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  static create(): SessionId {
    return new SessionId(randomBytes(BYTES));
  }

  /** As the cookie has it; null: it is none. */
  static parse(text: string | undefined): SessionId | null {
    return text !== undefined && /^[\w-]{43}$/.test(text)
      ? new SessionId(Buffer.from(text, 'base64url'))
      : null;
  }

  /** For the cookie, and nothing else. */
  reveal(): string {
    return this.#bytes.toString('base64url');
  }

  get hash(): string {
    return createHash('sha256').update(this.#bytes).digest('base64url');
  }

  /** What a page of ours knows, and a page of others does not. */
  get csrfToken(): string {
    return createHmac('sha256', this.#bytes).update('csrf').digest('base64url');
  }

  hasCsrfToken(given: string): boolean {
    const [wanted, got] = [this.csrfToken, given].map((text) => createHash('sha256').update(text).digest());
    return wanted !== undefined && got !== undefined && timingSafeEqual(wanted, got);
  }

  /** Seals what only this browser's requests may open again. */
  get sealer(): TextSealer {
    return new TextSealer(this.#bytes, 'session');
  }
}
