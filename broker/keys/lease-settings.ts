import { CmkError } from '../../core/errors.ts';
import { knowsType, type Catalogue } from '../model/catalogue.ts';
import { MAX_LEASE_SECONDS, type TypeLease } from '../model/leases.ts';
import { unknownAccount } from '../model/unknown-account.ts';
import type { Precondition, Store, Versioned } from '../store/store.ts';
import type { Ledger } from './ledger.ts';

/** How long an account wants the data keys of each asset type to be lent, at the most. */
export class LeaseSettings {
  readonly #store: LeaseSettingsStore;
  readonly #ledger: Ledger;
  readonly #catalogue: Catalogue;

  constructor(options: { store: LeaseSettingsStore; ledger: Ledger; catalogue: Catalogue }) {
    this.#store = options.store;
    this.#ledger = options.ledger;
    this.#catalogue = options.catalogue;
  }

  /** Those that are shorter than the longest. @throws CmkError ACCOUNT_UNKNOWN, STORE_UNAVAILABLE */
  async list(account: string): Promise<TypeLease[]> {
    await this.#checkAccount(account);
    return this.#store.leases.list(account);
  }

  /**
   * Of any type; of version 0 while nothing was said of it.
   * @throws CmkError ACCOUNT_UNKNOWN, NOT_FOUND for a type that no service has, STORE_UNAVAILABLE
   */
  async one(account: string, srvId: string, type: string): Promise<Versioned<TypeLease>> {
    await this.#checkAccount(account);
    this.#checkType(srvId, type);
    return (await this.#store.leases.find(account, srvId, type)) ?? unsaid(srvId, type);
  }

  /**
   * Takes effect with the next call of a KMS. What is lent already ends when it was to end.
   * @param precondition throws when it must not be written on what is stored
   * @throws CmkError ACCOUNT_UNKNOWN, NOT_FOUND for a type that no service has, STORE_UNAVAILABLE; what the precondition
   *   throws
   */
  async set(
    actor: string,
    account: string,
    lease: TypeLease,
    precondition?: Precondition<Versioned<TypeLease>>,
  ): Promise<Versioned<TypeLease>> {
    const { srvId, type, seconds } = lease;
    await this.#checkAccount(account);
    this.#checkType(srvId, type);
    const auditOf = (before: TypeLease | null) =>
      this.#ledger.event({
        action: 'ADMINISTER',
        outcome: 'ALLOWED',
        actor,
        account,
        detail: `lease of ${srvId} ${type}: ${seconds} s, before: ${before?.seconds ?? MAX_LEASE_SECONDS} s`,
      });
    const check = (stored: Versioned<TypeLease> | null) => precondition?.(stored ?? unsaid(srvId, type));
    return this.#store.leases.set(account, lease, auditOf, check);
  }

  async #checkAccount(account: string): Promise<void> {
    if (!(await this.#store.findAccount(account))) throw unknownAccount(account);
  }

  #checkType(srvId: string, type: string): void {
    if (knowsType(this.#catalogue, srvId, type)) return;
    throw new CmkError('NOT_FOUND', 'the catalogue has no such service and asset type');
  }
}

function unsaid(srvId: string, type: string): Versioned<TypeLease> {
  return { value: { srvId, type, seconds: MAX_LEASE_SECONDS }, version: 0 };
}

type LeaseSettingsStore = Pick<Store, 'findAccount' | 'leases'>;
