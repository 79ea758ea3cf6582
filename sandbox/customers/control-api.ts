const TIMEOUT_MS = 10_000;

/** An emulator's control API: the console of everyone who has something in it. */
export class ControlApi {
  readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  /** @param key as the emulator's routes name keys */
  keyUrl(key: string): string {
    return `${this.url}/keys/${encodeURIComponent(key)}`;
  }

  get<T>(path: string): Promise<T> {
    return this.#call<T>('GET', `${this.url}${path}`);
  }

  /** @param body an object is sent as JSON, a text as it is */
  post<T = unknown>(path: string, body?: object | string): Promise<T> {
    return this.#call<T>('POST', `${this.url}${path}`, body);
  }

  put(path: string, body: object | string): Promise<unknown> {
    return this.#call('PUT', `${this.url}${path}`, body);
  }

  /** @param action as the emulator's routes name it, e.g. `disable` */
  async turn(keys: readonly string[], action: string): Promise<void> {
    for (const key of keys) await this.#call('POST', `${this.keyUrl(key)}/${action}`);
  }

  /** @throws Error with what the emulator answered */
  async #call<T>(method: string, url: string, body: object | string = ''): Promise<T> {
    const response = await fetch(url, {
      method,
      ...(method === 'GET' ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (!response.ok) throw new Error(`${method} ${url} was answered with: ${await response.text()}`);
    return (await response.json()) as T;
  }
}
