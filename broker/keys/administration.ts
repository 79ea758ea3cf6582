import { checkIdentifier } from '../../core/asset.ts';
import { CmkError } from '../../core/errors.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Account, AuditEvent, Group } from '../model/types.ts';
import type { AccountFacts, ActivityPage, Precondition, Store, Versioned } from '../store/store.ts';
import { knowsType, type Catalogue } from '../model/catalogue.ts';
import { unknownAccount } from '../model/unknown-account.ts';
import type { Ledger } from './ledger.ts';
import type { Revocations } from './revocations.ts';

/** What an operator does by hand. Every change is written together with its audit event. */
export class Administration {
  readonly #options: AdministrationOptions;

  constructor(options: AdministrationOptions) {
    this.#options = options;
  }

  /**
   * Creates or replaces; its external id is made at the first time and stays.
   * @param precondition throws when it must not be written on what is stored
   * @returns the account as stored
   * @throws CmkError INVALID_ARGUMENT, STORE_UNAVAILABLE; what the precondition throws
   */
  async putAccount(
    actor: string,
    account: AccountFacts,
    precondition?: Precondition<Versioned<Account>>,
  ): Promise<Versioned<Account>> {
    checkIdentifier('account', account.id);
    const detail = `put account: licence ${account.licence}`;
    return this.#options.store.putAccount(account, this.#event(actor, account.id, detail), precondition);
  }

  /** @throws CmkError ACCOUNT_UNKNOWN, STORE_UNAVAILABLE */
  async account(id: string): Promise<Account> {
    return (await this.versionedAccount(id)).value;
  }

  /** @throws CmkError ACCOUNT_UNKNOWN, STORE_UNAVAILABLE */
  async versionedAccount(id: string): Promise<Versioned<Account>> {
    const account = await this.#options.store.findVersionedAccount(id);
    if (account) return account;
    throw unknownAccount(id);
  }

  accounts(afterId: string | null, limit: number): Promise<Account[]> {
    return this.#options.store.listAccounts(afterId, limit);
  }

  /**
   * Creates or replaces, with all members.
   * @throws CmkError ACCOUNT_UNKNOWN, INVALID_ARGUMENT, STORE_UNAVAILABLE; what the precondition throws
   */
  async putGroup(
    actor: string,
    group: Group,
    precondition?: Precondition<Versioned<Group>>,
  ): Promise<Versioned<Group>> {
    await this.account(group.account);
    for (const member of group.members) checkIdentifier('owner', member);
    const { licensed, members } = group;
    const detail = `put group ${group.id}: ${licensed ? 'licensed' : 'not licensed'}, ${members.length} members`;
    return this.#options.store.putGroup(group, this.#event(actor, group.account, detail), precondition);
  }

  /** @throws CmkError ACCOUNT_UNKNOWN, NOT_FOUND, STORE_UNAVAILABLE */
  async group(account: string, id: string): Promise<Versioned<Group>> {
    await this.account(account);
    const group = await this.#options.store.findVersionedGroup(account, id);
    if (group) return group;
    throw new CmkError('NOT_FOUND', `no group ${JSON.stringify(id.slice(0, 64))} of this account`);
  }

  /** In order of id. @throws CmkError ACCOUNT_UNKNOWN, STORE_UNAVAILABLE */
  async groups(account: string, afterId: string | null, limit: number): Promise<Group[]> {
    await this.account(account);
    return this.#options.store.listGroups(account, afterId, limit);
  }

  /** Idempotent. @throws CmkError ACCOUNT_UNKNOWN, NOT_FOUND for a type that no service has, STORE_UNAVAILABLE */
  async setEnrolment(
    actor: string,
    account: string,
    srvId: string,
    type: string,
    enrolled: boolean,
  ): Promise<void> {
    await this.account(account);
    const { catalogue, store } = this.#options;
    if (!knowsType(catalogue, srvId, type)) {
      throw new CmkError('NOT_FOUND', 'the catalogue has no such service and asset type');
    }
    const detail = `${enrolled ? 'enrol' : 'end enrolment of'} ${srvId} ${type}`;
    await store.setEnrolment(account, srvId, type, enrolled, this.#event(actor, account, detail));
  }

  /** @throws CmkError ACCOUNT_UNKNOWN, STORE_UNAVAILABLE */
  async enrolments(account: string): Promise<{ srvId: string; type: string }[]> {
    await this.account(account);
    return this.#options.store.listEnrolments(account);
  }

  /**
   * Makes every broker and sidecar drop the key's data keys now. The KMS decides about the next use.
   * @param account whose key it has to be; absent: anybody's, or the platform's
   * @returns the position of the revocation
   * @throws CmkError NOT_FOUND, STORE_UNAVAILABLE
   */
  async revokeNow(actor: string, kekId: string, account?: string): Promise<number> {
    const { store, revocations, ledger, clock } = this.#options;
    const kek = await store.findKek(kekId);
    if (!kek || (account !== undefined && kek.account !== account))
      throw new CmkError('NOT_FOUND', 'no such key');
    const audit = ledger.event({
      action: 'REVOKE',
      outcome: 'ALLOWED',
      actor,
      account: kek.account,
      kekId,
      detail: 'revoke now',
    });
    const event = { kekId, reason: 'KEY_PERMISSION_REVOKED', at: clock.wallMs() };
    return (await revocations.publish(event, audit)).position;
  }

  /** Newest first. @throws CmkError ACCOUNT_UNKNOWN, STORE_UNAVAILABLE */
  async auditEvents(account: string, before: string | null, limit: number): Promise<ActivityPage> {
    await this.account(account);
    return this.#options.store.activity.list(account, {}, before, limit);
  }

  #event(actor: string, account: string, detail: string): AuditEvent {
    return this.#options.ledger.event({ action: 'ADMINISTER', outcome: 'ALLOWED', actor, account, detail });
  }
}

interface AdministrationOptions {
  readonly store: Store;
  readonly ledger: Ledger;
  readonly revocations: Revocations;
  readonly catalogue: Catalogue;
  readonly clock: Clock;
}
