import { brokerDataKey } from '../../core/reference.ts';
import { CmkError } from '../../core/errors.ts';
import type { Asset__Output } from '../../proto/types/cmk/v1/Asset.ts';
import type { DataKeyGrant } from '../../proto/types/cmk/v1/DataKeyGrant.ts';
import type { DescribeAssetResponse } from '../../proto/types/cmk/v1/DescribeAssetResponse.ts';
import type { IssueDataKeyResponse } from '../../proto/types/cmk/v1/IssueDataKeyResponse.ts';
import type { ListReencryptionResponse } from '../../proto/types/cmk/v1/ListReencryptionResponse.ts';
import type { Reason__Output } from '../../proto/types/cmk/v1/Reason.ts';
import type { ReportUsesRequest__Output } from '../../proto/types/cmk/v1/ReportUsesRequest.ts';
import type { ResolveDataKeyResponse } from '../../proto/types/cmk/v1/ResolveDataKeyResponse.ts';
import type { AssetRequest } from '../keys/access.ts';
import type { AssetDescription } from '../keys/describe-asset.ts';
import type { Grant } from '../keys/grant.ts';
import type { ReencryptionPage } from '../keys/reencryption.ts';
import type { UsesRequest } from '../keys/report-uses.ts';
import { REASONS, USE_OPERATIONS, type Reason } from '../model/types.ts';

/** Between the messages of broker.proto and the use cases. Nothing is checked here. */

/** What every request says about itself. */
export function assetRequest(message: {
  asset: Asset__Output | null;
  reason?: Reason__Output;
  dataKeyId?: string;
  instanceId?: string;
}): AssetRequest {
  const { asset, reason, dataKeyId, instanceId } = message;
  return {
    asset,
    reason: reasonOf(reason),
    ...(dataKeyId !== undefined && { dataKeyId }),
    ...(instanceId !== undefined && { instanceId }),
  };
}

function reasonOf(reason: Reason__Output | undefined): Reason | null {
  return REASONS.find((known) => reason === `REASON_${known}`) ?? null;
}

export function usesRequest({ uses, lost, ...report }: ReportUsesRequest__Output): UsesRequest {
  return {
    ...report,
    uses: uses.map(({ reason, operation, ...use }) => ({
      ...use,
      reason: reasonOf(reason),
      operation: USE_OPERATIONS.find((known) => operation === `USE_OPERATION_${known}`) ?? null,
    })),
    lost,
  };
}

/** @param plaintextKey the caller's copy, overwritten after it was sent */
export function issueResponse(grant: Grant, plaintextKey: Buffer): IssueDataKeyResponse {
  const { providerId, providerInfo, ciphertext } = brokerDataKey(grant.dataKeyId, grant.generation);
  return {
    grant: grantMessage(grant, plaintextKey),
    encryptedDataKeys: [
      { providerId, providerInfo: Buffer.from(providerInfo), ciphertext: Buffer.from(ciphertext) },
    ],
  };
}

/** @param plaintextKey the caller's copy, overwritten after it was sent */
export function resolveResponse(grant: Grant, plaintextKey: Buffer): ResolveDataKeyResponse {
  return { grant: grantMessage(grant, plaintextKey) };
}

function grantMessage(grant: Grant, plaintextKey: Buffer): DataKeyGrant {
  const { dataKeyId, protection, kekId, keyInUse, context, leaseMs, position } = grant;
  return {
    dataKeyId,
    plaintextKey,
    protection: `PROTECTION_${protection}`,
    keyId: kekId,
    keyInUse,
    encryptionContext: { ...context },
    leaseMs,
    position,
  };
}

export function describeResponse(description: AssetDescription): DescribeAssetResponse {
  const { dataKeyId, protection, keyInUse, generation, createdAt } = description;
  return { dataKeyId, protection: `PROTECTION_${protection}`, keyInUse, generation, createdAt };
}

export function listReencryptionResponse({ entries, next }: ReencryptionPage): ListReencryptionResponse {
  return {
    reencryptions: entries.map(({ asset, dataKeyId, since, readyInMs }) => ({
      asset: { ...asset },
      dataKeyId,
      since,
      readyInMs: Math.min(Math.ceil(readyInMs), 0xffffffff),
    })),
    next: next ?? '',
  };
}

/** @throws CmkError INVALID_ARGUMENT */
export function checkPosition(position: number): number {
  if (Number.isSafeInteger(position) && position >= 0) return position;
  throw new CmkError('INVALID_ARGUMENT', 'position: expected one that was received before, or 0', {
    metadata: { field: 'position' },
  });
}
