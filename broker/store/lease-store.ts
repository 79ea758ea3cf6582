import type { TypeLease } from '../model/leases.ts';
import type { AuditEvent } from '../model/types.ts';
import type { Precondition, Versioned } from './versions.ts';

/** Leases per asset type. A part of broker/store/store.ts, with the same promises. */
export interface LeaseStore {
  /** What the account has said of a type; null: nothing ever. */
  find(account: string, srvId: string, type: string): Promise<Versioned<TypeLease> | null>;
  /** Those that are shorter than the longest, in order of service and type. */
  list(account: string): Promise<TypeLease[]>;
  /**
   * @param auditOf the event, with what was stored before; null: nothing
   * @param precondition throws when it must not be written on what is stored
   * @returns the lease as stored
   * @throws CmkError CONFLICT when there is no such account; what the precondition throws
   */
  set(
    account: string,
    lease: TypeLease,
    auditOf: (before: TypeLease | null) => AuditEvent,
    precondition?: Precondition<Versioned<TypeLease>>,
  ): Promise<Versioned<TypeLease>>;
}
