import type { Asset } from '../core/asset.ts';

/** Which kind of key protects a data key. See `Protection` in proto/cmk/v1/common.proto. */
export type Protection = 'CUSTOMER_KEY' | 'FALLBACK_KEY' | 'PLATFORM_KEY';

/** Why a key is used; written into the customer's audit ledger. See `Reason` in proto/cmk/v1/common.proto. */
export type Reason = 'STORAGE' | 'USER_ACCESS' | 'INDEXING' | 'PROCESSING' | 'BACKUP' | 'LEGAL' | 'SUPPORT';

/** Every {@link Reason}. */
export const REASONS: readonly Reason[] = [
  'STORAGE',
  'USER_ACCESS',
  'INDEXING',
  'PROCESSING',
  'BACKUP',
  'LEGAL',
  'SUPPORT',
];

/** What the sidecar tells before the first byte. */
export interface StreamStarted {
  /** The data key in use, as written in the sealed file's header. */
  readonly dataKeyId: string;
  readonly protection: Protection;
  /** The key-encryption key that wraps the data key, as its KMS names it, e.g. an ARN. */
  readonly keyInUse: string;
}

/** How an asset is protected. */
export interface AssetDescription extends StreamStarted {
  /** Data keys made for this asset so far, from 1. */
  readonly generation: number;
  /** When the newest data key was made. */
  readonly createdAt: Date;
}

export interface EncryptOptions {
  readonly asset: Asset;
  /** The user who owns the asset, whose licence decides which key protects it. */
  readonly owner: string;
  /** Default: STORAGE. */
  readonly reason?: Reason | undefined;
  /** Ends the call when it aborts: CANCELLED, or DEADLINE_EXCEEDED for `AbortSignal.timeout`. */
  readonly signal?: AbortSignal | undefined;
}

export interface ReencryptOptions {
  readonly asset: Asset;
  /** Default: STORAGE. */
  readonly reason?: Reason | undefined;
  /** Ends the call when it aborts: CANCELLED, or DEADLINE_EXCEEDED for `AbortSignal.timeout`. */
  readonly signal?: AbortSignal | undefined;
}

/** An asset whose files are to be sealed again. */
export interface Reencryption {
  readonly asset: Asset;
  /** The data key that is to go. Files that are sealed with another one need nothing. */
  readonly dataKeyId: string;
  /** Since when it is to go. */
  readonly since: Date;
  /** For how long, in milliseconds from now, a file may still be being sealed with it. Begin after that. */
  readonly readyInMs: number;
}

export interface ReencryptionPage {
  readonly reencryptions: readonly Reencryption[];
  /** To be given as `after` for the next page; undefined: this was the last. */
  readonly next: string | undefined;
}

export interface DecryptOptions {
  readonly asset: Asset;
  readonly owner?: string | undefined;
  readonly reason: Reason;
  /** Ends the call when it aborts: CANCELLED, or DEADLINE_EXCEEDED for `AbortSignal.timeout`. */
  readonly signal?: AbortSignal | undefined;
}
