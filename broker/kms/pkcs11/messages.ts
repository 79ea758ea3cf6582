import type { KeyUri } from './reference.ts';

/** What the broker and the processes that load the HSM's library say to each other. */

export interface HsmCall {
  readonly operation: 'wrap' | 'unwrap' | 'describe';
  readonly key: KeyUri;
  readonly pin: string;
  /** The context's bytes; empty to describe. */
  readonly associatedData: Uint8Array;
  /** A data key to wrap, or what `wrap` made of it; empty to describe. */
  readonly bytes: Uint8Array;
}

export type HsmAnswer =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'key'; readonly key: HsmKey }
  | { readonly kind: 'failure'; readonly failure: HsmFailure };

/** The attributes of a key that matter here. */
export interface HsmKey {
  readonly isAes256: boolean;
  readonly encrypts: boolean;
  readonly decrypts: boolean;
  readonly sensitive: boolean;
  readonly extractable: boolean;
  /** Whether the token has CKM_AES_GCM. */
  readonly hasGcm: boolean;
}

/** `code`: a CKR_ name, or one of ours. */
export interface HsmFailure {
  readonly code: string;
  /** Where it failed, e.g. `C_Decrypt`. */
  readonly during: string;
}

/** Failures that PKCS#11 has no code for. */
export const OWN_FAILURES = {
  MODULE_NOT_LOADED: 'MODULE_NOT_LOADED',
  NO_TOKEN: 'NO_TOKEN',
  SEVERAL_TOKENS: 'SEVERAL_TOKENS',
  NO_KEY: 'NO_KEY',
  SEVERAL_KEYS: 'SEVERAL_KEYS',
  NOT_VERIFIED: 'NOT_VERIFIED',
  NOT_AUTHENTIC: 'NOT_AUTHENTIC',
} as const;

/** Sent once, when the library is loaded and calls may come. */
export interface Ready {
  readonly kind: 'ready';
}

export class HsmError extends Error {
  override readonly name = 'HsmError';
  readonly failure: HsmFailure;

  constructor(code: string, during: string) {
    super(`${code} in ${during}`);
    this.failure = { code, during };
  }
}
