import type { IncomingMessage, ServerResponse } from 'node:http';
import { readBody, send } from './answer.ts';
import { LoopbackServer } from './loopback-server.ts';

const MAX_BODY_BYTES = 65_536;

/** A request to the control API. */
export interface ControlCall {
  /** Method and path, e.g. `POST /faults`. */
  readonly route: string;
  readonly query: URLSearchParams;
  /** The body, empty if there is none. */
  readonly text: string;
}

/** Answered as 404. */
export class NoSuchThing extends Error {
  override readonly name = 'NotFound';
}

/** The customer's console, for demonstrations: JSON over plain HTTP on loopback, without authentication. */
export class ControlServer {
  readonly #handle: (call: ControlCall) => unknown;
  readonly #server: LoopbackServer;

  /** @param handle answers with something for JSON; undefined: `{}`; throws {@link NoSuchThing} for 404, else 400 */
  constructor(handle: (call: ControlCall) => unknown, port: number) {
    this.#handle = handle;
    this.#server = new LoopbackServer((request, response) => void this.#serve(request, response), { port });
  }

  get url(): string {
    return this.#server.url;
  }

  start(): Promise<void> {
    return this.#server.start();
  }

  stop(): Promise<void> {
    return this.#server.stop();
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.on('error', () => request.destroy());
    let status = 200;
    let body: unknown;
    try {
      // A web page that a developer has open must not be able to turn keys off.
      if (request.headers.origin !== undefined) throw new Error('requests from web pages are refused');
      const { pathname, searchParams: query } = new URL(request.url ?? '/', this.url);
      const tooLarge = () => new Error(`body: expected at most ${MAX_BODY_BYTES} bytes`);
      const text = (await readBody(request, MAX_BODY_BYTES, tooLarge)).toString('utf8');
      body = (await this.#handle({ route: `${request.method ?? ''} ${pathname}`, query, text })) ?? {};
    } catch (error) {
      status = error instanceof NoSuchThing ? 404 : 400;
      const { name, message } = error as Error;
      body = { error: name, message };
    }
    const text = JSON.stringify(body, null, 2) + '\n';
    send(response, { status, headers: { 'content-type': 'application/json' }, body: text });
  }
}
