/** The shortest and the longest that an account may say that data keys of an asset type are lent for, seconds. */
export const MIN_LEASE_SECONDS = 60;
export const MAX_LEASE_SECONDS = 300;

/** For how long data keys of an asset type may be used after the KMS allowed it. */
export interface TypeLease {
  readonly srvId: string;
  readonly type: string;
  /** From {@link MIN_LEASE_SECONDS} to {@link MAX_LEASE_SECONDS}, which it is where nothing else was said. */
  readonly seconds: number;
}
