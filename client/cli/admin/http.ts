import { readFile } from 'node:fs/promises';
import { CmkError, isErrorCode, type ErrorCode } from '../../../core/errors.ts';
import { abortError, localError } from '../../errors.ts';
import type { Io } from '../io.ts';
import type { AdminOptions } from './options.ts';

/** How long the broker may say nothing. */
const SILENCE_MS = 30_000;
/** The variable that holds the operator's token. On the command line every user of the machine could read it. */
export const TOKEN_VARIABLE = 'CMK_ADMIN_TOKEN';
export const URL_VARIABLE = 'CMK_BROKER_URL';
export const DEFAULT_URL = 'http://127.0.0.1:8080';

/** What the broker answers when it refuses: problem details, RFC 9457. */
export type Problem = Readonly<Record<string, unknown>>;

/** A refusal, with all that the broker said of it. */
export class ProblemError extends CmkError {
  readonly problem: Problem;

  constructor(code: ErrorCode, text: string, problem: Problem) {
    super(code, text);
    this.problem = problem;
  }

  /** What kind of refusal it is and what to do next, in the broker's words. */
  get title(): string | null {
    const { title } = this.problem;
    return typeof title === 'string' ? title : null;
  }
}

/** An answer in JSON. */
export interface Answer {
  readonly body: unknown;
  /** The version of what was answered; null: it has none. */
  readonly etag: string | null;
}

interface Sent {
  readonly body?: object | undefined;
  /** The version that was read: when it is another by now, nothing happens. Null: whatever there is. */
  readonly ifMatch?: string | null;
}

/** The broker's administration API, as operators' commands use it. */
export class AdminClient {
  readonly #url: string;
  readonly #token: string;
  readonly #signal: AbortSignal;

  constructor(options: { url: string; token: string; signal: AbortSignal }) {
    this.#url = options.url.replace(/\/+$/, '');
    this.#token = options.token;
    this.#signal = options.signal;
  }

  /**
   * The client that the command line, and the environment, ask for.
   * @throws CmkError INVALID_ARGUMENT, LOCAL_IO_FAILED
   */
  static async from({ brokerUrl, tokenFile }: AdminOptions, { env, signal }: Io): Promise<AdminClient> {
    const url = brokerUrl ?? env[URL_VARIABLE] ?? DEFAULT_URL;
    if (!/^https?:\/\/./.test(url) || !URL.canParse(url)) {
      throw new CmkError(
        'INVALID_ARGUMENT',
        `--broker-url: expected http://HOST:PORT or https://…, got ${url}`,
      );
    }
    if (new URL(url).username !== '' || new URL(url).password !== '') {
      throw new CmkError('INVALID_ARGUMENT', '--broker-url: expected no user name or password in it');
    }
    const token = tokenFile === undefined ? (env[TOKEN_VARIABLE] ?? '') : await readToken(tokenFile);
    if (!/^[\x21-\x7e]+$/.test(token)) {
      throw new CmkError(
        'INVALID_ARGUMENT',
        `expected the operator’s token in $${TOKEN_VARIABLE} or --token-file`,
      );
    }
    return new AdminClient({ url, token, signal });
  }

  /**
   * One request, answered in JSON.
   * @param path from `/v1/` on, its parts encoded
   * @throws CmkError the broker's refusal, BROKER_UNREACHABLE, CANCELLED
   */
  async call(method: string, path: string, body?: object): Promise<unknown> {
    return (await this.exchange(method, path, { body })).body;
  }

  /** As {@link call}, with versions. */
  async exchange(method: string, path: string, sent: Sent = {}): Promise<Answer> {
    const silence = new Silence(this.#signal);
    try {
      const response = await this.#fetch(method, path, silence, sent);
      return { body: await response.json(), etag: response.headers.get('etag') };
    } catch (error) {
      throw this.#failure(error, silence);
    } finally {
      silence.end();
    }
  }

  /** The answer to a GET, piece by piece; each piece must come in time. @throws CmkError as {@link call} */
  async *stream(path: string): AsyncGenerator<Uint8Array, void, void> {
    const silence = new Silence(this.#signal);
    try {
      const response = await this.#fetch('GET', path, silence);
      for await (const piece of response.body ?? []) {
        silence.heard();
        yield piece as Uint8Array;
        silence.heard();
      }
    } catch (error) {
      throw this.#failure(error, silence);
    } finally {
      silence.end();
    }
  }

  async #fetch(
    method: string,
    path: string,
    { signal }: Silence,
    { body, ifMatch = null }: Sent = {},
  ): Promise<Response> {
    const response = await fetch(`${this.#url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.#token}`,
        ...(body && { 'content-type': 'application/json' }),
        ...(ifMatch !== null && { 'if-match': ifMatch }),
      },
      ...(body && { body: JSON.stringify(body) }),
      redirect: 'error',
      signal,
    });
    if (response.ok) return response;
    throw problemError(response.status, await response.json().catch(() => null));
  }

  #failure(error: unknown, { isOver }: Silence): CmkError {
    if (error instanceof CmkError) return error;
    if (this.#signal.aborted) return abortError(this.#signal);
    const why = isOver ? `no word for ${SILENCE_MS / 1000} s` : causeOf(error);
    return new CmkError('BROKER_UNREACHABLE', `cannot reach the broker at ${this.#url}: ${why}`, {
      cause: error,
    });
  }
}

/** Ends a request whose peer says nothing for too long. */
class Silence {
  readonly #over = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly signal: AbortSignal;

  constructor(signal: AbortSignal) {
    this.signal = AbortSignal.any([signal, this.#over.signal]);
    this.#timer = setTimeout(() => this.#over.abort(), SILENCE_MS);
  }

  get isOver(): boolean {
    return this.#over.signal.aborted;
  }

  heard(): void {
    this.#timer.refresh();
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}

async function readToken(path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    throw localError(path, error);
  }
}

function problemError(status: number, body: unknown): CmkError {
  const problem = (typeof body === 'object' && body !== null ? body : {}) as Problem;
  const { code, detail } = problem;
  const text = typeof detail === 'string' ? detail : `the broker answered with status ${status}`;
  if (typeof code === 'string' && isErrorCode(code)) return new ProblemError(code, text, problem);
  return new CmkError(status >= 500 ? 'BROKER_UNREACHABLE' : 'INTERNAL', text);
}

/** `fetch` says only that it failed; why, its cause does. */
function causeOf(error: unknown): string {
  const { cause } = error as { cause?: unknown };
  if (cause instanceof Error && cause.message !== '') return cause.message;
  return error instanceof Error ? error.message : typeof error;
}
