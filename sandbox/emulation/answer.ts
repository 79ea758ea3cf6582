import type { IncomingMessage, ServerResponse } from 'node:http';
import { TLSSocket } from 'node:tls';
import type { FaultEffect } from './faults.ts';

/** A whole answer over HTTP. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

/** @throws what `tooLarge` makes, for a body of more than `maxBytes` */
export async function readBody(
  request: IncomingMessage,
  maxBytes: number,
  tooLarge: () => Error,
): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of request as AsyncIterable<Buffer>) {
    bytes += piece.length;
    if (bytes > maxBytes) throw tooLarge();
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

/** @returns undefined for anything but one JSON object */
export function parseObject(body: Buffer): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return value as Record<string, unknown>;
    }
  } catch {
    // Like any other body that is no object.
  }
  return undefined;
}

/** For effects that leave a call unanswered, and unexecuted. @returns whether the effect is one of them */
export function isSilenced(response: ServerResponse, effect: FaultEffect<string, string> | null): boolean {
  if (response.destroyed || effect?.kind === 'silence') return true;
  if (effect?.kind !== 'reset' || effect.at !== 'start') return false;
  breakOff(response);
  return true;
}

/** Sends the answer, or half of it before the connection is reset. */
export function send(
  response: ServerResponse,
  { status, headers = {}, body }: Answer,
  effect: FaultEffect<string, string> | null = null,
): void {
  if (response.destroyed) return;
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) });
  if (effect?.kind !== 'reset') response.end(body);
  else response.write(Buffer.from(body).subarray(0, body.length / 2), () => breakOff(response));
}

/** TLS cannot be told to reset; there the connection ends without the farewell that TLS wants. */
function breakOff({ socket }: ServerResponse): void {
  if (socket instanceof TLSSocket) socket.destroy();
  else socket?.resetAndDestroy();
}

/** Ends early when the client goes away. */
export async function delay(ms: number, response: ServerResponse): Promise<void> {
  if (ms <= 0) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms);
    response.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
