import { isUnattended } from './attendance.ts';
import { linesOf } from './lines.ts';
import type { Problem } from './types.ts';

/** An answer of the API that is not a success, or none at all. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  /** null: the server could not be reached. */
  readonly problem: Problem | null;

  constructor(problem: Problem | null, options?: ErrorOptions) {
    super(problem?.detail ?? 'the server could not be reached', options);
    this.problem = problem;
  }

  get status(): number {
    return this.problem?.status ?? 0;
  }
}

export type Query = Readonly<Record<string, string | number | boolean | null | undefined>>;

interface Request {
  readonly body?: unknown;
  readonly query?: Query;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

const TIMEOUT_MS = 60_000;
/** The server ends by itself before. */
const LINES_TIMEOUT_MS = 150_000;
const LINES = 'application/x-ndjson';
let csrfToken: string | null = null;

/** Sent with everything that changes something. */
export function setCsrfToken(token: string | null): void {
  csrfToken = token;
}

/** An address under `/v1`, each part escaped. */
export function path(...parts: readonly string[]): string {
  return ['/v1', ...parts.map(encodeURIComponent)].join('/');
}

function withQuery(address: string, query: Query = {}): string {
  const given = Object.entries(query).filter(
    ([, value]) => value !== undefined && value !== null && value !== '',
  );
  if (given.length === 0) return address;
  return `${address}?${new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString()}`;
}

/** @throws ApiError */
export async function get<T>(address: string, request: Request = {}): Promise<T> {
  return (await send('GET', address, request)).answer as T;
}

/** An answer with its version, for {@link ifUnchanged}. */
export type Tagged<T extends object> = T & { readonly etag: string };

/** @throws ApiError */
export async function getTagged<T extends object>(
  address: string,
  request: Request = {},
): Promise<Tagged<T>> {
  const { answer, etag } = await send('GET', address, request);
  return { ...(answer as T), etag: etag ?? '' };
}

/** Lets a change be made only to what was read. */
export function ifUnchanged({ etag }: Tagged<object>): Readonly<Record<string, string>> {
  return { 'if-match': etag };
}

/** What an address answers, its caller says. @throws ApiError */
export async function change<T>(
  method: 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  address: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<T> {
  return (await send(method, address, { body, headers })).answer as T;
}

/** As {@link change}, with an answer that comes line by line: a JSON value in each. @throws ApiError */
export async function changeByLines(
  method: 'POST' | 'PUT',
  address: string,
  { body, headers }: Pick<Request, 'body' | 'headers'>,
  onLine: (line: unknown) => void,
): Promise<void> {
  const signal = AbortSignal.timeout(LINES_TIMEOUT_MS);
  const response = await reach(address, initOf(method, { body, headers, signal }, LINES));
  if (!response.ok || !response.body) throw new ApiError(await problemIn(response));
  try {
    for await (const lines of linesOf(response.body)) for (const line of lines) onLine(JSON.parse(line));
  } catch (cause) {
    throw new ApiError(null, { cause });
  }
}

/** For a stream of lines. @throws ApiError */
export async function stream(address: string, signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
  const response = await reach(address, { signal, credentials: 'same-origin' });
  if (response.ok && response.body) return response.body;
  throw new ApiError(await problemIn(response));
}

async function send(
  method: string,
  address: string,
  request: Request,
): Promise<{ answer: unknown; etag: string | null }> {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  const signal = request.signal ? AbortSignal.any([request.signal, timeout]) : timeout;
  const response = await reach(withQuery(address, request.query), initOf(method, { ...request, signal }));
  if (!response.ok) throw new ApiError(await problemIn(response));
  const text = await response.text();
  return { answer: text === '' ? null : JSON.parse(text), etag: response.headers.get('etag') };
}

function initOf(
  method: string,
  { body, headers, signal }: Request,
  accept = 'application/json',
): RequestInit {
  return {
    method,
    credentials: 'same-origin',
    cache: 'no-store',
    ...(signal && { signal }),
    headers: {
      accept,
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(method === 'GET' && isUnattended() && { 'x-cmk-unattended': '1' }),
      ...(method !== 'GET' && csrfToken !== null && { 'x-cmk-csrf': csrfToken }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  };
}

async function reach(address: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(address, init);
  } catch (cause) {
    if (init.signal?.aborted && (init.signal.reason as Error | undefined)?.name === 'AbortError') throw cause;
    throw new ApiError(null, { cause });
  }
}

async function problemIn(response: Response): Promise<Problem> {
  const unknown = {
    title: response.statusText,
    detail: '',
    code: 'UNKNOWN',
    retryable: response.status >= 500,
  };
  try {
    const body = (await response.json()) as Partial<Problem>;
    return { ...unknown, ...body, status: response.status };
  } catch {
    return { ...unknown, status: response.status };
  }
}
