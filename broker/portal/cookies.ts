import type { FastifyReply, FastifyRequest } from 'fastify';

/**
 * A cookie of ours, with a value of letters, digits, `-` and `_`. On https it is bound to this very host (`__Host-`), out
 * of reach of its other ports and of neighbouring hosts. Loopback addresses without TLS are for sandboxes: not every
 * browser keeps such cookies there.
 */
export class Cookie {
  readonly #name: string;
  readonly #secure: boolean;

  /** @param portalUrl decides about https */
  constructor(name: string, portalUrl: string) {
    this.#secure = portalUrl.startsWith('https:');
    this.#name = this.#secure ? `__Host-${name}` : name;
  }

  read({ headers }: FastifyRequest): string | undefined {
    const beginning = `${this.#name}=`;
    const pairs = (headers.cookie ?? '').split(';').map((pair) => pair.trim());
    return pairs.find((pair) => pair.startsWith(beginning))?.slice(beginning.length);
  }

  /** @param maxAgeMs how long the browser keeps it at the most */
  set(reply: FastifyReply, value: string, maxAgeMs: number): void {
    const attributes = [
      `Max-Age=${Math.floor(maxAgeMs / 1000)}`,
      'Path=/',
      'HttpOnly',
      ...(this.#secure ? ['Secure'] : []),
      // The way back from the provider, and links in mails, begin on another site.
      'SameSite=Lax',
    ];
    void reply.header('set-cookie', [`${this.#name}=${value}`, ...attributes].join('; '));
  }

  clear(reply: FastifyReply): void {
    this.set(reply, '', 0);
  }
}
