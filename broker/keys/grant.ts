import type { DataKey } from '../../core/data-key.ts';
import { CmkError } from '../../core/errors.ts';
import type { EncryptionContext } from '../../core/encryption-context.ts';
import type { DataKeyRecord, Protection } from '../model/types.ts';
import type { Admitted } from './access.ts';
import type { LeasedKey, LeasedKeys } from './leased-keys.ts';
import type { Ledger } from './ledger.ts';
import type { Holder, Reporters } from './reporters.ts';

/** The right to use one data key for a while. The receiver disposes of the data key. */
export interface Grant {
  readonly dataKey: DataKey;
  readonly dataKeyId: string;
  readonly generation: number;
  readonly protection: Protection;
  readonly kekId: string;
  /** As its KMS names it. */
  readonly keyInUse: string;
  readonly context: EncryptionContext;
  /** From now. */
  readonly leaseMs: number;
  readonly position: number;
}

/**
 * Lends a stored data key and writes down that it did, in this order of what the caller sees: the audit event is
 * durable, and so is who owes reports of the key's use; then the key is handed out.
 *
 * Where the database is slow, a lease from the cache may be over by then. The caller did nothing wrong, and may have a
 * stream open: it is lent once more, by the KMS, which is an event of its own.
 * @param options.holder who will report; null: nobody
 * @param options.alreadyRecorded the event was written together with the data key
 * @throws KmsError; CmkError KMS_UNREACHABLE, STORE_UNAVAILABLE, CANCELLED
 */
export async function grantDataKey(
  parts: GrantParts,
  attempt: Admitted,
  record: DataKeyRecord,
  options: GrantOptions,
): Promise<Grant> {
  const grant =
    (await grantOnce(parts, attempt, record, options)) ??
    (await grantOnce(parts, attempt, record, { ...options, alreadyRecorded: false }));
  if (grant) return grant;
  throw new CmkError('KMS_UNREACHABLE', 'the lease ended while the answer was being prepared');
}

/** @returns null: the lease is over already */
async function grantOnce(
  { leasedKeys, ledger, reporters }: GrantParts,
  attempt: Admitted,
  record: DataKeyRecord,
  options: GrantOptions,
): Promise<Grant | null> {
  const leased = await leasedKeys.lend(record, options.signal);
  let leaseMs: number | null = null;
  try {
    const { kekId, source } = leased;
    const use = { ...attempt, outcome: 'ALLOWED', dataKeyId: record.id, kekId, source } as const;
    await Promise.all([
      options.alreadyRecorded ? null : ledger.record(use),
      reporters.note(options.holder, record.asset, leased.leaseEndsMs),
    ]);
    leaseMs = leasedKeys.remainingMs(leased);
    return leaseMs === null ? null : grantOf(record, leased, leaseMs);
  } finally {
    if (leaseMs === null) leased.dataKey[Symbol.dispose]();
  }
}

interface GrantOptions {
  readonly signal: AbortSignal;
  readonly holder: Holder | null;
  readonly alreadyRecorded?: boolean;
}

interface GrantParts {
  readonly leasedKeys: Pick<LeasedKeys, 'lend' | 'remainingMs'>;
  readonly ledger: Pick<Ledger, 'record'>;
  readonly reporters: Pick<Reporters, 'note'>;
}

function grantOf(record: DataKeyRecord, leased: LeasedKey, leaseMs: number): Grant {
  const { dataKey, kekId, keyInUse, position } = leased;
  const { id: dataKeyId, generation, protection, context } = record;
  return { dataKey, dataKeyId, generation, protection, kekId, keyInUse, context, leaseMs, position };
}

/** Lends the key's bytes for as long as `use` takes, e.g. to serialise them; the copy is overwritten right after. */
export function withPlaintext(grant: Pick<Grant, 'dataKey'>, use: (key: Buffer) => void): void {
  const key = grant.dataKey.copyBytes();
  try {
    use(key);
  } finally {
    key.fill(0);
  }
}
