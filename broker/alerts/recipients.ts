import type { BlockList } from 'node:net';
import { CmkError } from '../../core/errors.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Secret } from '../../runtime/config.ts';
import { auditEvent } from '../audit/audit-event.ts';
import { newAlert, type ListedAlert, type Webhook } from '../model/alerts.ts';
import type { AuditEvent } from '../model/types.ts';
import { uuidv7 } from '../model/uuid.ts';
import { unknownAccount } from '../model/unknown-account.ts';
import type { Precondition, Store, Versioned } from '../store/store.ts';
import { webhookSecret } from './signature.ts';
import { parseWebhookUrl } from './webhook-url.ts';

/** Of one account. */
const MAX_WEBHOOKS = 5;
/** Between two test alerts of an account. */
const TEST_PAUSE_MS = 30_000;
/** Others may be raised at the same moment. */
const LISTED_WITH_IT = 100;

export interface RecipientsOptions {
  readonly store: Pick<Store, 'findAccount' | 'alerts'>;
  readonly clock: Clock;
  /** Null: there are no webhooks. */
  readonly webhookKey: Secret | null;
  readonly webhookNetworks: BlockList | null;
}

/** Whom an account's alerts go to. Every change is written together with its audit event. */
export class Recipients {
  readonly #options: RecipientsOptions;

  constructor(options: RecipientsOptions) {
    this.#options = options;
  }

  /**
   * Newest first, with what became of each.
   * @param before the id of the last one seen
   * @throws CmkError ACCOUNT_UNKNOWN, STORE_UNAVAILABLE
   */
  async alerts(account: string, limit: number, before: string | null = null): Promise<ListedAlert[]> {
    await this.#checkAccount(account);
    return this.#options.store.alerts.list(account, limit, before);
  }

  /**
   * Sends all recipients an alert that tells of nothing, so that somebody sees that alerts arrive.
   * @returns it, as it stands before the first attempt
   * @throws CmkError ACCOUNT_UNKNOWN, STORE_UNAVAILABLE, CONFLICT when nobody would get it, RATE_LIMITED
   */
  async test(actor: string, account: string): Promise<ListedAlert> {
    await this.#checkAccount(account);
    const { store, clock } = this.#options;
    const alert = newAlert(clock.wallMs(), { account, kekId: null }, { kind: 'TEST' });
    const audit = this.#event(actor, account, 'send a test alert');
    const outcome = await store.alerts.raiseTest(alert, TEST_PAUSE_MS, audit);
    if (outcome === 'NOBODY')
      throw new CmkError('CONFLICT', 'expected a contact or a webhook, there is none');
    if (outcome === 'TOO_SOON') throw tooSoon();
    const all = await store.alerts.list(account, LISTED_WITH_IT);
    const listed = all.find(({ id }) => id === alert.id);
    if (!listed) throw new CmkError('INTERNAL', 'a test alert was raised and is not listed');
    return listed;
  }

  /** E-mail addresses. @throws CmkError ACCOUNT_UNKNOWN, STORE_UNAVAILABLE */
  async contacts(account: string): Promise<Versioned<readonly string[]>> {
    const contacts = await this.#options.store.alerts.contacts(account);
    if (contacts) return contacts;
    throw unknownAccount(account);
  }

  /**
   * Replaces all.
   * @param precondition throws when they must not be written on what is stored
   * @returns the contacts as stored
   * @throws CmkError ACCOUNT_UNKNOWN, STORE_UNAVAILABLE; what the precondition throws
   */
  async putContacts(
    actor: string,
    account: string,
    emails: readonly string[],
    precondition?: Precondition<Versioned<readonly string[]>>,
  ): Promise<Versioned<readonly string[]>> {
    await this.#checkAccount(account);
    // The addresses are personal data: the number is enough.
    const audit = this.#event(actor, account, `put contacts: ${emails.length} addresses`);
    return this.#options.store.alerts.setContacts(account, emails, audit, precondition);
  }

  /** @throws CmkError ACCOUNT_UNKNOWN, STORE_UNAVAILABLE */
  async webhooks(account: string): Promise<Webhook[]> {
    await this.#checkAccount(account);
    return this.#options.store.alerts.webhooks(account);
  }

  /**
   * The secret is given here and never again.
   * @throws CmkError ACCOUNT_UNKNOWN, INVALID_ARGUMENT, NOT_FOUND when webhooks are not configured, CONFLICT when the
   *   account has as many as it may, STORE_UNAVAILABLE
   */
  async addWebhook(
    actor: string,
    account: string,
    url: string,
  ): Promise<{ webhook: Webhook; secret: Secret }> {
    const { store, clock, webhookNetworks } = this.#options;
    await this.#checkAccount(account);
    const webhookKey = this.#key();
    const nowMs = clock.wallMs();
    const webhook = {
      id: uuidv7(nowMs),
      account,
      url: parseWebhookUrl(url, webhookNetworks),
      createdAt: Math.floor(nowMs / 1000),
    };
    // The path and query of some webhooks are a secret by themselves.
    const audit = this.#event(actor, account, `add webhook ${webhook.id} at ${new URL(webhook.url).host}`);
    if (await store.alerts.insertWebhook(webhook, MAX_WEBHOOKS, audit)) {
      return { webhook, secret: webhookSecret(webhookKey, webhook.id) };
    }
    throw new CmkError('CONFLICT', `expected at most ${MAX_WEBHOOKS} webhooks of an account`);
  }

  /** What has not been delivered to it is dropped. @throws CmkError ACCOUNT_UNKNOWN, NOT_FOUND, STORE_UNAVAILABLE */
  async deleteWebhook(actor: string, account: string, id: string): Promise<void> {
    await this.#checkAccount(account);
    const audit = this.#event(actor, account, `delete webhook ${id}`);
    if (await this.#options.store.alerts.deleteWebhook(account, id, audit)) return;
    throw new CmkError('NOT_FOUND', 'the account has no such webhook');
  }

  /** The same again, for whoever was to get it and did not. @throws CmkError NOT_FOUND without webhooks */
  secretOf(webhookId: string): Secret {
    return webhookSecret(this.#key(), webhookId);
  }

  #key(): Secret {
    const { webhookKey } = this.#options;
    if (webhookKey) return webhookKey;
    throw new CmkError('NOT_FOUND', 'no webhooks here: CMK_WEBHOOK_KEY is not set');
  }

  async #checkAccount(id: string): Promise<void> {
    if (await this.#options.store.findAccount(id)) return;
    throw unknownAccount(id);
  }

  #event(actor: string, account: string, detail: string): AuditEvent {
    return auditEvent(this.#options.clock, {
      action: 'ADMINISTER',
      outcome: 'ALLOWED',
      actor,
      account,
      detail,
    });
  }
}

function tooSoon(): CmkError {
  const detail = `expected ${TEST_PAUSE_MS / 1_000} s between two test alerts of an account`;
  return new CmkError('RATE_LIMITED', detail, { metadata: { retryAfterMs: String(TEST_PAUSE_MS) } });
}
