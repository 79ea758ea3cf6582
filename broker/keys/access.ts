import { checkAsset, type Asset } from '../../core/asset.ts';
import { CmkError } from '../../core/errors.ts';
import type { Catalogue } from '../model/catalogue.ts';
import type { AuditAction, Reason } from '../model/types.ts';
import { isUuid } from '../model/uuid.ts';
import { authorize, checkAssetType, type Caller } from '../policy/authorize.ts';
import type { Attempt, Ledger } from './ledger.ts';

/** What a caller asks for, unchecked. */
export interface AssetRequest {
  readonly asset: Partial<Asset> | null;
  /** Null: none was given. */
  readonly reason: Reason | null;
  readonly dataKeyId?: string;
  /** The calling process, which will report uses; empty: it does not. */
  readonly instanceId?: string;
}

/** An attempt of an authorised caller on a well-formed asset. */
export type Admitted = Attempt & { readonly asset: Asset };

/** Decides whether a caller may act for an asset, before anything else is looked at. */
export class Access {
  readonly #catalogue: Catalogue;
  readonly #ledger: Ledger;

  constructor(options: { catalogue: Catalogue; ledger: Ledger }) {
    this.#catalogue = options.catalogue;
    this.#ledger = options.ledger;
  }

  /** @throws CmkError NOT_AUTHORIZED, then INVALID_ARGUMENT */
  async admit(action: AuditAction, caller: Caller, request: AssetRequest): Promise<Admitted> {
    const attempt = attemptOf(action, caller.spiffeId, request);
    await this.#authorize(attempt, caller, request.asset?.srvId ?? '');
    const asset = checkAsset(request.asset);
    checkAssetType(this.#catalogue, asset);
    return { ...attempt, asset };
  }

  /** For what concerns all assets of a service. @throws CmkError NOT_AUTHORIZED */
  async admitService(action: AuditAction, caller: Caller, srvId: string): Promise<void> {
    const attempt = attemptOf(action, caller.spiffeId, { asset: null, reason: null });
    await this.#authorize(attempt, caller, srvId);
  }

  async #authorize(attempt: Attempt, caller: Caller, srvId: string): Promise<void> {
    const denial = authorize(caller, srvId);
    if (!denial) return;
    const detail = `acts for ${[...caller.services].join(', ')}, asked for ${JSON.stringify(srvId.slice(0, 20))}`;
    throw await this.#ledger.refuse(attempt, denial, detail);
  }
}

/** What can be said of an attempt before it is checked: only well-formed identifiers reach an audit event. */
export function attemptOf(action: AuditAction, actor: string, request: AssetRequest): Attempt {
  const { asset, reason, dataKeyId = '' } = request;
  return {
    action,
    actor,
    asset: wellFormed(asset),
    reason,
    dataKeyId: isUuid(dataKeyId) ? dataKeyId : null,
  };
}

function wellFormed(asset: Partial<Asset> | null): Asset | null {
  try {
    return checkAsset(asset);
  } catch {
    return null;
  }
}

/** @throws CmkError INVALID_ARGUMENT */
export function checkReason(reason: Reason | null): Reason {
  if (reason) return reason;
  throw new CmkError('INVALID_ARGUMENT', 'reason: expected one, got nothing', {
    metadata: { field: 'reason' },
  });
}
