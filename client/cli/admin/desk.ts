import { CmkError } from '../../../core/errors.ts';
import { writePiece, type Io } from '../io.ts';
import { AdminClient, ProblemError } from './http.ts';
import type { AdminOptions } from './options.ts';
import { stepsInText, type Step } from './verification.ts';

/** Options of every command of `cmk admin`. */
export interface DeskOptions extends AdminOptions {
  readonly json?: true;
}

/** Options of commands about one account. */
export interface AccountOptions extends DeskOptions {
  readonly account: string;
}

/** Options of commands that show one page of a list. */
export interface PageOptions {
  readonly limit: string;
  readonly cursor?: string;
}

interface Paged {
  readonly next: string | null;
}

const LONGEST_PAGE = '1000';

/** Something that was read, and its version; null: it has none. */
export interface Read<A> {
  readonly answer: A;
  readonly etag: string | null;
}

/** What a command of `cmk admin` works with: the administration API, and whoever reads the answers. */
export class Desk {
  readonly io: Io;
  readonly #client: AdminClient;
  readonly #json: boolean;

  private constructor(client: AdminClient, json: boolean, io: Io) {
    this.#client = client;
    this.#json = json;
    this.io = io;
  }

  /** @throws CmkError INVALID_ARGUMENT, LOCAL_IO_FAILED */
  static async open(options: DeskOptions, io: Io): Promise<Desk> {
    return new Desk(await AdminClient.from(options, io), options.json === true, io);
  }

  /** @param path as {@link at} makes it @throws CmkError as {@link AdminClient.call} */
  async get<A>(path: string): Promise<A> {
    return (await this.#client.call('GET', path)) as A;
  }

  /**
   * All of a list, put together of its pages.
   * @param name of the member that holds the items
   * @throws CmkError as {@link AdminClient.call}
   */
  async getAll<N extends string, T>(path: string, name: N): Promise<Record<N, T[]>> {
    const items: T[] = [];
    let cursor: string | undefined;
    do {
      const query = queryOf({ limit: LONGEST_PAGE, cursor });
      const page = await this.get<Record<N, T[]> & Paged>(`${path}${query}`);
      items.push(...page[name]);
      cursor = page.next ?? undefined;
    } while (cursor !== undefined);
    return { [name]: items, next: null } as unknown as Record<N, T[]>;
  }

  /** Shows one page of a list, and how to see the next. @throws CmkError as {@link AdminClient.call} */
  async tellPage<N extends string, T>(
    path: string,
    { limit, cursor }: PageOptions,
    inWords: (answer: Record<N, T[]>) => string,
    query: Readonly<Record<string, string | undefined>> = {},
  ): Promise<void> {
    const address = `${path}${queryOf({ ...query, limit, cursor })}`;
    const page = await this.get<Record<N, T[]> & Paged>(address);
    await this.tell(page, inWords);
    if (page.next !== null) this.note(`cmk: there is more: --cursor ${page.next}\n`);
  }

  /** What is to be written on what was read, see {@link send}. @throws CmkError as {@link AdminClient.call} */
  async read<A>(path: string): Promise<Read<A>> {
    const { body, etag } = await this.#client.exchange('GET', path);
    return { answer: body as A, etag };
  }

  /**
   * @param ifMatch the version of what was read; null: whatever there is
   * @throws CmkError as {@link AdminClient.call}; STALE_VERSION when it is another by now
   */
  async send<A>(
    method: 'POST' | 'PUT' | 'DELETE',
    path: string,
    body?: object,
    ifMatch: string | null = null,
  ): Promise<A> {
    return (await this.#client.exchange(method, path, { body, ifMatch })).body as A;
  }

  /** Shows what the API answered: to a person in words, to a program as it is. */
  async tell<A extends object>(answer: A, inWords: (answer: A) => string): Promise<void> {
    await this.#write(this.#json ? `${JSON.stringify(answer, null, 2)}\n` : inWords(answer));
  }

  /** Shows what a refusal says beside its text, which stands on standard error anyway. */
  async tellRefusal(error: unknown): Promise<void> {
    if (!(error instanceof ProblemError)) return;
    const { steps } = error.problem;
    if (this.#json) await this.tell(error.problem, String);
    else if (Array.isArray(steps)) await this.#write(stepsInText(steps as Step[]));
  }

  /** Shows a text byte for byte. */
  async raw(text: string): Promise<void> {
    await this.#write(text);
  }

  /** For people, beside the answer. */
  note(text: string): void {
    this.io.stderr.write(text);
  }

  #write(text: string): Promise<void> {
    return writePiece(this.io.stdout, text, this.io.signal);
  }
}

/**
 * A path of the API, what stands in it encoded.
 * @throws CmkError INVALID_ARGUMENT for what would make it another path
 */
export function at(parts: TemplateStringsArray, ...names: readonly string[]): string {
  return String.raw({ raw: parts }, ...names.map(segment));
}

function segment(name: string): string {
  if (!['', '.', '..'].includes(name)) return encodeURIComponent(name);
  throw new CmkError('INVALID_ARGUMENT', `expected a name, got ${JSON.stringify(name)}`);
}

/** What is not given is left out; '' when nothing is. */
export function queryOf(fields: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(fields).filter((field): field is [string, string] => field[1] !== undefined);
  return given.length === 0 ? '' : `?${new URLSearchParams(given).toString()}`;
}
