import type { Asset } from '../../core/asset.ts';
import { CmkError } from '../../core/errors.ts';
import type { Catalogue } from '../model/catalogue.ts';

/** Who calls, as its certificate proved. */
export interface Caller {
  readonly spiffeId: string;
  /** `srvId`s of the services that it may act for. */
  readonly services: ReadonlySet<string>;
}

/** Why a call was refused: in audit events and metrics, never in an answer. */
export type DenialReason =
  | 'NO_CERTIFICATE'
  | 'CERTIFICATE_INVALID'
  | 'NO_URI_SAN'
  | 'SEVERAL_URI_SANS'
  | 'NOT_A_SPIFFE_ID'
  | 'OTHER_TRUST_DOMAIN'
  | 'CALLER_UNKNOWN'
  | 'SERVICE_NOT_ALLOWED'
  | 'DATA_KEY_UNKNOWN'
  | 'REFERENCE_MISMATCH'
  | 'CONTEXT_MISMATCH';

/**
 * The caller with this SPIFFE id; null when the catalogue does not know it.
 * @param path the part of the id after the trust domain, from its slash on
 */
export function findCaller(catalogue: Catalogue, spiffeId: string, path: string): Caller | null {
  const services = Object.hasOwn(catalogue.callers, path) ? catalogue.callers[path] : undefined;
  return services ? { spiffeId, services: new Set(services) } : null;
}

/** Whether a caller may act for a service's assets; null: it may. */
export function authorize(caller: Caller, srvId: string): DenialReason | null {
  return caller.services.has(srvId) ? null : 'SERVICE_NOT_ALLOWED';
}

/**
 * Checks that the asset's service stores assets of its type.
 * @throws CmkError INVALID_ARGUMENT that names the service's types
 */
export function checkAssetType(catalogue: Catalogue, asset: Asset): void {
  const types = catalogue.services.find(({ srvId }) => srvId === asset.srvId)?.types ?? [];
  if (types.includes(asset.type)) return;
  const expected = types.length > 0 ? `one of ${types.join(', ')}` : `a service that the catalogue knows`;
  throw new CmkError('INVALID_ARGUMENT', `type: expected ${expected}, got ${asset.srvId} ${asset.type}`, {
    metadata: { field: 'type' },
  });
}
