/** The few calls of the broker's administration API that the sandbox makes, as an operator would with curl. */
export class AdminClient {
  readonly #url: string;
  readonly #token: string;

  constructor(url: string, token: string) {
    this.#url = url;
    this.#token = token;
  }

  async putAccount(
    account: string,
    body: { name: string; licence: 'NONE' | 'ACCOUNT' | 'GROUPS' },
  ): Promise<void> {
    await this.call('PUT', `/v1/accounts/${account}`, body);
  }

  /** @param provider default: `aws` @returns the stored key and how its verification went */
  async enrolKey(account: string, references: readonly string[], provider = 'aws'): Promise<EnrolledKey> {
    const body = { provider, references };
    return (await this.call('POST', `/v1/accounts/${account}/keys`, body)) as EnrolledKey;
  }

  /** With their statuses, the newest first. */
  async keys(account: string): Promise<readonly KeyView[]> {
    const { keys } = (await this.call('GET', `/v1/accounts/${account}/keys`)) as { keys: KeyView[] };
    return keys;
  }

  async putContacts(account: string, emails: readonly string[]): Promise<void> {
    await this.call('PUT', `/v1/accounts/${account}/contacts`, { emails });
  }

  /** Has every broker and sidecar forget what the key opened. */
  async revokeNow(keyId: string): Promise<void> {
    await this.call('POST', `/v1/keys/${keyId}/revoke`);
  }

  async enrolType(account: string, srvId: string, type: string): Promise<void> {
    await this.call('PUT', `/v1/accounts/${account}/enrolments/${srvId}/${type}`);
  }

  /** @throws Error with the problem that the broker answered */
  async call(method: string, path: string, body?: object): Promise<unknown> {
    const response = await fetch(`${this.#url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.#token}`,
        ...(body ? { 'content-type': 'application/json' } : {}),
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
      signal: AbortSignal.timeout(30_000),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} was answered with ${response.status}: ${text}`);
    return text === '' ? null : JSON.parse(text);
  }
}

export interface KeyView {
  readonly id: string;
  readonly references: readonly string[];
  readonly lifecycle: string;
  readonly statuses: readonly {
    readonly reference: string;
    readonly use: 'ENCRYPT' | 'DECRYPT';
    readonly status: string;
    readonly cause: string | null;
  }[];
}

export interface EnrolledKey {
  readonly key: KeyView;
  readonly steps: readonly {
    readonly step: string;
    readonly reference: string;
    readonly outcome: string;
    readonly detail: string | null;
  }[];
}
