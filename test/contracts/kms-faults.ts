import { CALL, CONTEXT, failsWith, GRACE_MS, perform, SHORT_MS, type Check } from './kms-calls.ts';
import type { FaultRecorder } from './kms-fault-recorder.ts';
import { FAULTS, type KmsFault, type Operation } from './kms-fault-table.ts';
import type { KmsHarness } from './kms-harness.ts';

const ANSWERED_MS = 3_000;

/** Breaks a KMS in every way that it can break. */
export function checkFaults(check: Check, recorder: FaultRecorder): void {
  for (const [name, { cause, operations, retryAfterMs = null }] of Object.entries(FAULTS)) {
    const fault = name as KmsFault;
    if (recorder.cannotHappen(fault)) {
      check(`${fault}: cannot happen`, async (t, kms) => {
        t.is(await kms.breakWith(fault), null);
      });
      continue;
    }
    check(`${fault}: ${cause}, and no longer than the deadline`, async (t, kms) => {
      const { wrapped } = await kms.provider.generate(kms.key, CONTEXT, CALL);
      const breaking = kms.breakWith(fault);
      if (!breaking) {
        t.pass('this KMS cannot be made to fail so');
        return;
      }
      const mend = await breaking;
      for (const operation of operations.filter((each) => strikes(kms, fault, each))) {
        // Where the KMS answers, also a machine that is busy must hear it.
        const timeoutMs = cause === 'UNREACHABLE' ? SHORT_MS : ANSWERED_MS;
        const startedMs = performance.now();
        const call = perform(kms, operation, kms.key, wrapped, { timeoutMs });
        const error = await failsWith(t, cause, call, operation);
        t.true(
          performance.now() - startedMs <= timeoutMs + (kms.graceMs ?? GRACE_MS),
          `${operation} ended in time`,
        );
        t.is(error.retryable, cause !== 'AUTH_FAILED', operation);
        t.is(error.retryAfterMs, retryAfterMs, operation);
        t.false(error.customerDecision, operation);
        recorder.record(fault, operation, error);
      }
      await mend();
      await t.notThrowsAsync(kms.provider.unwrap(kms.key, wrapped, CONTEXT, CALL), 'mended');
    });
  }
}

function strikes(kms: KmsHarness, fault: KmsFault, operation: Operation): boolean {
  if (fault === 'short data key' && operation === 'generate') return kms.makesDataKeys;
  return !kms.blindTo?.[fault]?.includes(operation);
}
