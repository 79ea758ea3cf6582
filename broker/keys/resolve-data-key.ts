import type { EncryptionContext } from '../../core/encryption-context.ts';
import { parseReference } from '../../core/reference.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { DataKeyRecord } from '../model/types.ts';
import { isUuid } from '../model/uuid.ts';
import type { Caller, DenialReason } from '../policy/authorize.ts';
import type { Store } from '../store/store.ts';
import { checkReason, type Access, type AssetRequest } from './access.ts';
import { grantDataKey, type Grant } from './grant.ts';
import type { LeasedKeys } from './leased-keys.ts';
import type { Ledger } from './ledger.ts';
import { destroyed, holdForSealing } from './reencryption.ts';
import { holderOf, type Reporters } from './reporters.ts';

/** What stands in a sealed header, as the sidecar read it. */
export interface ResolveRequest extends AssetRequest {
  readonly dataKeyId: string;
  readonly reference: Uint8Array;
  readonly context: EncryptionContext;
  /** A file is being sealed with it and goes on. Default false. */
  readonly sealing?: boolean;
}

/** Gives the data key that a sealed header names, for opening. */
export class ResolveDataKey {
  readonly #options: ResolveOptions;

  constructor(options: ResolveOptions) {
    this.#options = options;
  }

  /** @throws CmkError NOT_AUTHORIZED, INVALID_ARGUMENT, DATA_KEY_DESTROYED, STORE_UNAVAILABLE, CANCELLED; KmsError */
  async run(caller: Caller, request: ResolveRequest, signal: AbortSignal): Promise<Grant> {
    const { access, store, ledger } = this.#options;
    const attempt = await access.admit('RESOLVE', caller, request);
    checkReason(request.reason);
    const holder = holderOf(caller, request);
    // Only a well-formed id is worth asking the database about.
    const known = isUuid(request.dataKeyId);
    const record = known ? await store.findDataKey(attempt.asset, request.dataKeyId) : null;
    if (!record) throw await ledger.refuse(attempt, 'DATA_KEY_UNKNOWN', 'the asset has no such data key');
    const mismatch = findMismatch(record, request);
    if (mismatch) throw await ledger.refuse(attempt, ...mismatch, record.kekId);
    try {
      if (record.destroyedAt !== null) throw destroyed();
      if (request.sealing) await holdForSealing(this.#options, record);
      return await grantDataKey(this.#options, attempt, record, { signal, holder });
    } catch (error) {
      throw await ledger.failed(attempt, record.kekId, error);
    }
  }
}

/** Where a header contradicts what is stored for its data key: it was made for something else, or changed. */
function findMismatch(
  record: DataKeyRecord,
  { reference, context }: ResolveRequest,
): [DenialReason, string] | null {
  const generation = generationIn(reference);
  if (generation !== record.generation) {
    return [
      'REFERENCE_MISMATCH',
      `expected generation ${record.generation}, got ${generation ?? 'nonsense'}`,
    ];
  }
  if (!sameContext(record.context, context)) {
    return ['CONTEXT_MISMATCH', 'the header’s encryption context is not the data key’s'];
  }
  return null;
}

function generationIn(reference: Uint8Array): number | null {
  try {
    return parseReference(reference).generation;
  } catch {
    return null;
  }
}

function sameContext(a: EncryptionContext, b: EncryptionContext): boolean {
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && a[key] === b[key])
  );
}

interface ResolveOptions {
  readonly access: Access;
  readonly store: Pick<Store, 'findDataKey' | 'reencryption'>;
  readonly leasedKeys: LeasedKeys;
  readonly ledger: Ledger;
  readonly reporters: Reporters;
  readonly clock: Clock;
}
