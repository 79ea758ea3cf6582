import type { Pod } from 'kubernetes-types/core/v1.js';
import type { InjectionSettings } from './config.ts';
import { injectSidecar } from './inject.ts';
import { InjectionError } from './annotations.ts';

/** What became of a request: the pod gets a sidecar, has one, wants none, or cannot have what it asks for. */
export type Outcome = 'INJECTED' | 'UNCHANGED' | 'NOT_WANTED' | 'REFUSED';

/** The parts in use of Kubernetes' `admission.k8s.io/v1` AdmissionReview. */
interface AdmissionRequest {
  readonly uid: string;
  readonly kind?: { readonly group?: string; readonly kind?: string };
  readonly operation?: string;
  readonly subResource?: string;
  readonly object?: unknown;
}

/** An answer to Kubernetes' API server. */
export interface AdmissionReview {
  readonly apiVersion: 'admission.k8s.io/v1';
  readonly kind: 'AdmissionReview';
  readonly response: {
    readonly uid: string;
    readonly allowed: boolean;
    readonly status?: { readonly code: number; readonly reason: string; readonly message: string };
    readonly patchType?: 'JSONPatch';
    /** Base64. */
    readonly patch?: string;
  };
}

/** A body that is no AdmissionReview. */
export class MalformedReview extends Error {}

/**
 * Answers an AdmissionReview. Has no side effects, so a dry run is answered like any other.
 * @throws {MalformedReview}
 */
export function review(
  body: unknown,
  settings: InjectionSettings,
): { readonly outcome: Outcome; readonly answer: AdmissionReview } {
  const request = readRequest(body);
  const answer = (response: Omit<AdmissionReview['response'], 'uid'>): AdmissionReview => ({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: { uid: request.uid, ...response },
  });
  if (!isNewPod(request)) return { outcome: 'NOT_WANTED', answer: answer({ allowed: true }) };
  try {
    const patch = injectSidecar(request.object as Pod, settings);
    if (patch === null) return { outcome: 'NOT_WANTED', answer: answer({ allowed: true }) };
    if (patch.length === 0) return { outcome: 'UNCHANGED', answer: answer({ allowed: true }) };
    const encoded = Buffer.from(JSON.stringify(patch)).toString('base64');
    const injected = answer({ allowed: true, patchType: 'JSONPatch', patch: encoded });
    return { outcome: 'INJECTED', answer: injected };
  } catch (error) {
    if (!(error instanceof InjectionError)) throw error;
    const status = { code: 422, reason: 'Invalid', message: `no sidecar can be injected: ${error.message}` };
    return { outcome: 'REFUSED', answer: answer({ allowed: false, status }) };
  }
}

function readRequest(body: unknown): AdmissionRequest {
  if (!isObject(body) || body['apiVersion'] !== 'admission.k8s.io/v1' || body['kind'] !== 'AdmissionReview')
    throw new MalformedReview('expected an AdmissionReview of admission.k8s.io/v1');
  const request = body['request'];
  if (!isObject(request) || typeof request['uid'] !== 'string')
    throw new MalformedReview('expected request.uid');
  return request as unknown as AdmissionRequest;
}

function isNewPod({ kind, operation, subResource, object }: AdmissionRequest): boolean {
  const isPod = kind?.kind === 'Pod' && (kind.group ?? '') === '';
  return isPod && operation === 'CREATE' && !subResource && isObject(object);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
