import type { CustomFetchOptions } from 'openid-client';

/** More than any provider's metadata, keys or tokens. */
const MAX_BYTES = 1024 * 1024;
/** Answers that have no body. */
const BODILESS = new Set([101, 204, 205, 304]);

/**
 * As `fetch`, with an answer of at most 1 MiB that is here whole: the deadline in `options.signal` covers it.
 * @throws TypeError as fetch; for a longer answer
 */
export async function fetchBounded(url: string, options: CustomFetchOptions): Promise<Response> {
  const { body, signal, ...rest } = options;
  const response = await fetch(url, {
    ...rest,
    body: body as RequestInit['body'] & {},
    ...(signal && { signal }),
  });
  const { status, headers } = response;
  if (BODILESS.has(status) || !response.body) return response;
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of response.body as AsyncIterable<Uint8Array>) {
    length += piece.length;
    if (length > MAX_BYTES)
      throw new TypeError('fetch failed', { cause: new Error(`over ${MAX_BYTES} bytes`) });
    pieces.push(piece);
  }
  return new Response(Buffer.concat(pieces), { status, headers });
}
