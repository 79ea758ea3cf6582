/** An answer other than success: the texts go out as `{"errors": [...]}`. */
export class VaultError extends Error {
  override readonly name = 'VaultError';
  readonly status: number;
  readonly texts: readonly string[];

  constructor(status: number, ...texts: readonly string[]) {
    super(`${status}: ${texts.join('; ')}`);
    this.status = status;
    this.texts = texts;
  }
}

/** What faults can answer, with the status and text that Vault has for it. */
export const VAULT_FAULTS = {
  sealed: [503, 'Vault is sealed'],
  standby: [473, ''],
  'no-active-node': [500, 'local node not active but active cluster node not found'],
  'internal-error': [500, 'internal error'],
  'bad-gateway': [502, ''],
  'permission-denied': [403, '1 error occurred:\n\t* permission denied\n\n'],
  redirect: [307, ''],
} as const satisfies Record<string, readonly [number, string]>;

export type VaultFault = keyof typeof VAULT_FAULTS;

/** As Go's multierror prints one error: what the core, not a secrets engine, refuses. */
export function denied(): VaultError {
  return new VaultError(403, '1 error occurred:\n\t* permission denied\n\n');
}

/** A token that is unknown, expired or revoked. */
export function badToken(): VaultError {
  return new VaultError(403, '2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n');
}

export function noHandler(path: string): VaultError {
  return new VaultError(404, `no handler for route "${path}". route entry not found.`);
}
