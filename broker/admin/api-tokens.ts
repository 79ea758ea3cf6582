import { createHash, randomBytes } from 'node:crypto';
import { CmkError } from '../../core/errors.ts';
import type { Clock } from '../../runtime/clock.ts';
import { Secret } from '../../runtime/config.ts';
import { auditEvent } from '../audit/audit-event.ts';
import type { ApiToken, ApiTokenRole } from '../model/api-tokens.ts';
import type { Principal } from '../model/principal.ts';
import { unknownAccount } from '../model/unknown-account.ts';
import { uuidv7 } from '../model/uuid.ts';
import type { Store } from '../store/store.ts';

/** Secret scanners find tokens by this. */
const PREFIX = 'cmk_';
const BYTES = 32;
/** Of one account at a time, those that have expired too. */
const MAX_TOKENS = 50;
const DAY_MS = 24 * 60 * 60_000;
/** A use is noted when the last one that was noted is so old. */
const NOTE_EACH_MS = 60_000;

export interface TokenWish {
  readonly name: string;
  readonly role: ApiTokenRole;
  /** From 1. */
  readonly expiresInDays: number;
}

/** What programs sign in with: each for one account and one role, for a time. */
export class ApiTokens {
  readonly #store: Pick<Store, 'apiTokens' | 'findAccount'>;
  readonly #clock: Pick<Clock, 'wallMs'>;

  constructor(options: { store: Pick<Store, 'apiTokens' | 'findAccount'>; clock: Pick<Clock, 'wallMs'> }) {
    this.#store = options.store;
    this.#clock = options.clock;
  }

  /**
   * The secret is given here and never again: only its hash is stored.
   * @param by somebody who may administer the account
   * @throws CmkError ACCOUNT_UNKNOWN, ROLE_INSUFFICIENT when a token asks for another one, CONFLICT when the account has
   *   one of that name or as many as it may, STORE_UNAVAILABLE
   */
  async create(
    by: Principal,
    account: string,
    wish: TokenWish,
  ): Promise<{ token: ApiToken; secret: Secret }> {
    // A token that leaked must end when it is revoked or expires, and not live on in others.
    if (by.via === 'API_TOKEN') {
      throw new CmkError(
        'ROLE_INSUFFICIENT',
        'expected a person or the operator to make a token, got a token',
      );
    }
    await this.#checkAccount(account);
    const { name, role, expiresInDays } = wish;
    const nowMs = Math.trunc(this.#clock.wallMs());
    const expiresAt = nowMs + expiresInDays * DAY_MS;
    const token: ApiToken = {
      id: uuidv7(nowMs),
      account,
      name,
      role,
      createdBy: by.name,
      createdAt: nowMs,
      expiresAt,
      lastUsedAt: null,
    };
    const secret = PREFIX + randomBytes(BYTES).toString('base64url');
    const detail = `make token ${name}: ${role} until ${new Date(expiresAt).toISOString()}`;
    const audit = this.#event(by.name, account, detail);
    await this.#store.apiTokens.insert(token, hashOf(secret), MAX_TOKENS, audit);
    return { token, secret: new Secret(secret) };
  }

  /** The oldest first, those that have expired too. @throws CmkError ACCOUNT_UNKNOWN, STORE_UNAVAILABLE */
  async list(account: string): Promise<ApiToken[]> {
    await this.#checkAccount(account);
    return this.#store.apiTokens.list(account);
  }

  /** It is refused from now on. @throws CmkError ACCOUNT_UNKNOWN, NOT_FOUND, STORE_UNAVAILABLE */
  async revoke(actor: string, account: string, id: string): Promise<void> {
    await this.#checkAccount(account);
    const name = (await this.#store.apiTokens.list(account)).find((each) => each.id === id)?.name;
    const audit = this.#event(actor, account, `revoke token ${name}`);
    if (name !== undefined && (await this.#store.apiTokens.delete(account, id, audit))) return;
    throw new CmkError('NOT_FOUND', 'the account has no such token');
  }

  /**
   * Whom a token stands for; counts as a use. Null: there is none, or it has expired.
   * @throws CmkError STORE_UNAVAILABLE
   */
  async principalOf(secret: string): Promise<Principal | null> {
    if (!isApiToken(secret)) return null;
    const token = await this.#store.apiTokens.find(hashOf(secret));
    const nowMs = Math.trunc(this.#clock.wallMs());
    if (!token || nowMs >= token.expiresAt) return null;
    if (token.lastUsedAt === null || nowMs - token.lastUsedAt >= NOTE_EACH_MS) {
      await this.#store.apiTokens.used(token.id, nowMs);
    }
    return { name: `token:${token.name}`, role: token.role, account: token.account, via: 'API_TOKEN' };
  }

  async #checkAccount(id: string): Promise<void> {
    if (!(await this.#store.findAccount(id))) throw unknownAccount(id);
  }

  #event(actor: string, account: string, detail: string) {
    return auditEvent(this.#clock, { action: 'ADMINISTER', outcome: 'ALLOWED', actor, account, detail });
  }
}

/** Whether a text has the form of a token, so that others need not be looked up. */
export function isApiToken(text: string): boolean {
  return /^cmk_[\w-]{43}$/.test(text);
}

function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url');
}
