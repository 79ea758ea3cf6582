import type { AlertCases } from './alert-cases.ts';
import { BROKER_CASES } from './broker-alert-cases.ts';
import { FLEET_CASES } from './fleet-alert-cases.ts';
import { KMS_CASES } from './kms-alert-cases.ts';

/** Cases of every alert that is not about an objective. */
export const THRESHOLD_CASES: Readonly<Record<string, AlertCases>> = {
  ...BROKER_CASES,
  ...KMS_CASES,
  ...FLEET_CASES,
};
