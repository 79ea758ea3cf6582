import https from 'node:https';
import type { BlockList } from 'node:net';
import type { Clock } from '../../runtime/clock.ts';
import type { Secret } from '../../runtime/config.ts';
import { PrivateAddressError, publicLookup } from '../../runtime/public-lookup.ts';
import type { Delivery } from '../model/alerts.ts';
import type { Account } from '../model/types.ts';
import { SendError, type Sender } from './sender.ts';
import { signBody, webhookSecret } from './signature.ts';
import { summarize } from './summary.ts';
import { isAllowedHost } from './webhook-url.ts';

export interface WebhookSenderOptions {
  readonly key: Secret;
  readonly clock: Pick<Clock, 'wallMs'>;
  /** Networks that webhooks may be in although they are not public. */
  readonly networks: BlockList | null;
  /** Trusted authorities, PEM; null: the public ones. */
  readonly ca: readonly string[] | null;
}

const NOT_PUBLIC = 'expected a public address';

/** Posts alerts to the customers' own servers, which may be hostile: nothing is followed, nothing is read. */
export class WebhookSender implements Sender {
  readonly #options: WebhookSenderOptions;

  constructor(options: WebhookSenderOptions) {
    this.#options = options;
  }

  async send(delivery: Delivery, account: Account, signal: AbortSignal): Promise<void> {
    const { key, clock, networks } = this.#options;
    if (delivery.url === null) throw new SendError('the webhook was removed', { permanent: true });
    const url = new URL(delivery.url);
    if (!isAllowedHost(url, networks)) throw new SendError(NOT_PUBLIC);
    const body = bodyOf(delivery, account);
    const headers = {
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(body)),
      'user-agent': 'cmk',
      'cmk-delivery': delivery.id,
      'cmk-signature': signBody(webhookSecret(key, delivery.recipient), body, clock.wallMs()),
    };
    const status = await this.#post(url, headers, body, signal);
    if (status < 200 || status > 299) throw new SendError(`expected status 2xx, got ${status}`);
  }

  /** @returns the status; the answer's body is not read */
  #post(url: URL, headers: Record<string, string>, body: string, signal: AbortSignal): Promise<number> {
    const { networks, ca } = this.#options;
    const options: https.RequestOptions = {
      method: 'POST',
      headers,
      signal,
      agent: false,
      minVersion: 'TLSv1.2',
      lookup: publicLookup(networks ?? undefined),
      ...(ca && { ca: [...ca] }),
    };
    return new Promise((resolve, reject) => {
      const request = https.request(url, options, (response) => {
        resolve(response.statusCode ?? 0);
        request.destroy();
      });
      // After an answer it says only that the connection was cut, by us.
      request.on('error', (cause) => reject(sendErrorOf(cause)));
      request.end(body);
    });
  }
}

/** What a webhook gets. The same for every attempt: the id tells repetitions. */
function bodyOf({ id, alerts }: Delivery, account: Account): string {
  const [alert] = alerts;
  const { title, cause, consequence, action } = summarize([alert]);
  return JSON.stringify({
    id,
    account: account.id,
    at: new Date(alert.at).toISOString(),
    ...alert.facts,
    text: { title, cause, consequence, action },
  });
}

function sendErrorOf(cause: unknown): SendError {
  if (cause instanceof PrivateAddressError) return new SendError(NOT_PUBLIC, { cause });
  const { code } = cause as { code?: unknown };
  return new SendError(`cannot post: ${typeof code === 'string' ? code : 'failed'}`, { cause });
}
