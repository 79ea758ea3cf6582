const MAX_REDIRECTS = 10;

export interface Page {
  /** Where it was found, as the browser shows it. */
  readonly url: string;
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** As much of a browser as a sign-in needs: it keeps cookies, follows redirects, and submits forms. */
export class Browser {
  /** Origins of the tests' own making, and where they are really served. */
  readonly #served: Readonly<Record<string, string>>;
  readonly #cookies = new Map<string, Map<string, string>>();
  /** The whole `Set-Cookie` headers that came, the newest last. */
  readonly setCookies: string[] = [];

  constructor(served: Readonly<Record<string, string>>) {
    this.#served = served;
  }

  /** One request, without following redirects. */
  async request(
    url: string,
    init: { method?: string; headers?: Record<string, string>; body?: string } = {},
  ) {
    const { origin, pathname, search } = new URL(url);
    const cookie = [...this.cookiesOf(origin)].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch((this.#served[origin] ?? origin) + pathname + search, {
      ...init,
      headers: { ...(cookie !== '' && { cookie }), ...init.headers },
      redirect: 'manual',
    });
    for (const line of response.headers.getSetCookie()) this.#keep(origin, line);
    return { response, page: await pageOf(url, response) };
  }

  /** Goes to an address and wherever that leads. */
  async go(url: string, init: Parameters<Browser['request']>[1] = {}): Promise<Page> {
    let next = url;
    let options = init;
    for (let hops = 0; hops < MAX_REDIRECTS; hops++) {
      const { page } = await this.request(next, options);
      const location = page.headers.get('location');
      if (location === null) return page;
      next = new URL(location, next).href;
      options = {};
    }
    throw new Error(`expected an end after ${MAX_REDIRECTS} redirects from ${url}`);
  }

  /** Goes until it would leave for an address that begins so, and does not go there. */
  async goUntil(
    url: string,
    beginning: string,
    init: Parameters<Browser['request']>[1] = {},
  ): Promise<string> {
    let next = url;
    let options = init;
    for (let hops = 0; hops < MAX_REDIRECTS; hops++) {
      if (next.startsWith(beginning)) return next;
      const { page } = await this.request(next, options);
      const location = page.headers.get('location');
      if (location === null)
        throw new Error(`expected to be led to ${beginning}, got ${page.status} at ${next}`);
      next = new URL(location, next).href;
      options = {};
    }
    throw new Error(`expected ${beginning} after ${MAX_REDIRECTS} redirects`);
  }

  cookiesOf(origin: string): Map<string, string> {
    const cookies = this.#cookies.get(origin) ?? new Map<string, string>();
    this.#cookies.set(origin, cookies);
    return cookies;
  }

  #keep(origin: string, line: string): void {
    this.setCookies.push(line);
    const [, name, value] = /^([^=;]+)=([^;]*)/.exec(line) ?? [];
    if (name === undefined || value === undefined) return;
    const gone = /;\s*max-age=0\b/i.test(line) || /;\s*expires=thu, 01 jan 1970/i.test(line);
    if (gone) this.cookiesOf(origin).delete(name);
    else this.cookiesOf(origin).set(name, value);
  }
}

/** The fields that a form on a page has hidden. */
export function hiddenFields({ text }: Page): Record<string, string> {
  const inputs = [...text.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)];
  return Object.fromEntries(inputs.map(([, name = '', value = '']) => [name, value]));
}

/** @throws Error with the page when it has no form */
export function formAction({ text, url, status }: Page): string {
  const [, action] = /<form [^>]*action="([^"]*)"/.exec(text) ?? [];
  if (action === undefined) throw new Error(`expected a form at ${url}, got ${status}: ${text}`);
  return new URL(action, url).href;
}

async function pageOf(url: string, response: Response): Promise<Page> {
  return { url, status: response.status, headers: response.headers, text: await response.text() };
}
