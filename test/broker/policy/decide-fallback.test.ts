import test from 'ava';
import { KMS_CAUSES, type KmsCause } from '../../../broker/kms/provider.ts';
import type { FallbackMode } from '../../../broker/model/types.ts';
import { refuseFallback, type NoFallbackReason } from '../../../broker/policy/decide-fallback.ts';

type Answers = Readonly<Record<FallbackMode, NoFallbackReason | null>>;

const OUTAGE: Answers = { OFF: 'FALLBACK_OFF', OUTAGE: null, ANY: null };
const REFUSAL: Answers = { OFF: 'FALLBACK_OFF', OUTAGE: 'CUSTOMER_REFUSED', ANY: null };
const CONTEXT: Answers = { OFF: 'FALLBACK_OFF', OUTAGE: 'NOT_ABOUT_THE_KEY', ANY: 'NOT_ABOUT_THE_KEY' };

const TABLE: Readonly<Record<KmsCause, Answers>> = {
  AUTH_FAILED: OUTAGE,
  PERMISSION_REVOKED: REFUSAL,
  KEY_DISABLED: REFUSAL,
  KEY_PENDING_DELETION: REFUSAL,
  KEY_NOT_FOUND: REFUSAL,
  CONTEXT_MISMATCH: CONTEXT,
  THROTTLED: OUTAGE,
  UNREACHABLE: OUTAGE,
  INVALID_RESPONSE: OUTAGE,
  ACCOUNT_ISSUE: OUTAGE,
};

for (const [cause, answers] of Object.entries(TABLE) as [KmsCause, Answers][]) {
  for (const [mode, expected] of Object.entries(answers) as [FallbackMode, NoFallbackReason | null][]) {
    test(`${cause}, fallback ${mode}: ${expected ?? 'the platform key stands in'}`, (t) => {
      const failure = {
        customerDecision: KMS_CAUSES[cause].customerDecision,
        aboutThisContext: cause === 'CONTEXT_MISMATCH',
      };
      t.is(refuseFallback({ mode, maxHours: null, maxAssets: null }, failure), expected);
    });
  }
}
