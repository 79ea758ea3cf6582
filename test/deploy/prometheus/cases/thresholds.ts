import { ACCESS_CASES } from './access.ts';
import type { AlertCases } from './alert-cases.ts';
import { BROKER_CASES } from './broker.ts';
import { CERTIFICATE_CASES } from './certificates.ts';
import { INJECTOR_CASES } from './injector.ts';
import { KMS_CASES } from './kms.ts';
import { SIDECAR_CASES } from './sidecars.ts';

/** Cases of every alert that is not about an objective. */
export const THRESHOLD_CASES: Readonly<Record<string, AlertCases>> = {
  ...BROKER_CASES,
  ...KMS_CASES,
  ...SIDECAR_CASES,
  ...CERTIFICATE_CASES,
  ...ACCESS_CASES,
  ...INJECTOR_CASES,
};
