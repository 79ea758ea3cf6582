import type { DataKey } from '../../core/data-key.ts';
import type { ErrorCode } from '../../core/errors.ts';
import type { Clock } from '../../runtime/clock.ts';
import { KmsError, type KmsCause } from '../kms/provider.ts';
import type { MoveProblem } from '../model/moves.ts';
import type { DataKeyRecord, Kek } from '../model/types.ts';
import type { Rewrapped } from '../store/store.ts';
import { TokenBucket } from './guard/token-bucket.ts';
import type { KeyHealth } from './key-health.ts';
import type { KmsCalls } from './kms-calls.ts';

/** What a KMS may answer for one data key although the key as a whole works. */
const PERHAPS_ITS_OWN: ReadonlySet<KmsCause> = new Set([
  'CONTEXT_MISMATCH',
  'PERMISSION_REVOKED',
  'INVALID_RESPONSE',
]);

/** What became of some data keys. Those that appear nowhere were not tried. */
export interface RewrapResult {
  readonly rewrapped: readonly Rewrapped[];
  /** Those that fail for a reason of their own. */
  readonly failures: readonly { readonly record: DataKeyRecord; readonly code: ErrorCode }[];
  /** Why no data key can be moved at the moment; null: they can. */
  readonly problem: MoveProblem | null;
}

type Step = 'unwrap' | 'wrap' | 'verify';

interface Failure {
  readonly record: DataKeyRecord;
  readonly step: Step;
  readonly error: KmsError;
}

export interface RewrapOptions {
  readonly kms: KmsCalls;
  readonly health: KeyHealth;
  readonly clock: Clock;
  /** Data keys a second. */
  readonly perSecond: number;
  /** Data keys at a time. */
  readonly concurrency: number;
}

/**
 * Wraps data keys under another key: many at a time, and so many a second. Each new form is unwrapped again and compared
 * before anybody may store it: a KMS that answers nonsense costs no asset. A plaintext data key lives no longer than it
 * takes to do this for it alone.
 */
export class Rewrap {
  readonly #options: RewrapOptions;
  readonly #rate: TokenBucket;

  constructor(options: RewrapOptions) {
    this.#options = options;
    this.#rate = new TokenBucket(options.clock, options.perSecond);
  }

  /** @param signal ends it after the data keys that are being wrapped: the others are left as they are */
  async run(
    records: readonly DataKeyRecord[],
    keys: { readonly from: Kek; readonly to: Kek },
    signal: AbortSignal,
  ): Promise<RewrapResult> {
    const waiting = [...records];
    const rewrapped: Rewrapped[] = [];
    const failures: Failure[] = [];
    let hasProblem = false;
    const worker = async () => {
      for (let record = waiting.shift(); record; record = waiting.shift()) {
        await this.#turn(signal);
        if (hasProblem || signal.aborted) return;
        const result = await this.#rewrap(record, keys);
        if (!('error' in result)) rewrapped.push({ record, wrapped: result.wrapped });
        else failures.push({ record, ...result });
        hasProblem ||= 'error' in result && !PERHAPS_ITS_OWN.has(result.error.kmsCause);
      }
    };
    const workers = Math.min(this.#options.concurrency, records.length);
    await Promise.all(Array.from({ length: workers }, worker));
    return { rewrapped, ...(await this.#judge(failures, keys)) };
  }

  async #turn(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const waitMs = this.#rate.take(Infinity) ?? 0;
    if (waitMs === 0 || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const end = () => {
        timer.cancel();
        signal.removeEventListener('abort', end);
        resolve();
      };
      const timer = clock.schedule(waitMs, end);
      signal.addEventListener('abort', end, { once: true });
    });
  }

  async #rewrap(
    { wrapped, context }: DataKeyRecord,
    { from, to }: { from: Kek; to: Kek },
  ): Promise<{ wrapped: Uint8Array } | { step: Step; error: KmsError }> {
    const { kms, health } = this.#options;
    let step: Step = 'unwrap';
    try {
      const old = await health.observe(from, () => kms.unwrap(from, wrapped, context));
      return await lent(old.dataKey, async (dataKey) => {
        step = 'wrap';
        const renewed = await health.observe(to, () => kms.wrap(to, dataKey, context));
        step = 'verify';
        const again = await health.observe(to, () => kms.unwrap(to, renewed.wrapped, context));
        await lent(again.dataKey, (opened) => assertSame(dataKey, opened));
        return { wrapped: renewed.wrapped };
      });
    } catch (error) {
      if (!(error instanceof KmsError)) throw error;
      if (error.kmsCause === 'THROTTLED') this.#rate.slowDown();
      return { step, error };
    }
  }

  /** Whether failures are the keys' or the data keys' own: what the same step does with a canary decides. */
  async #judge(
    failures: readonly Failure[],
    keys: { from: Kek; to: Kek },
  ): Promise<Pick<RewrapResult, 'failures' | 'problem'>> {
    const own: { record: DataKeyRecord; code: ErrorCode }[] = [];
    let problem: MoveProblem | null = null;
    const works = new Map<boolean, Promise<boolean>>();
    for (const { record, step, error } of failures) {
      const isSource = step === 'unwrap';
      const kek = isSource ? keys.from : keys.to;
      let isOwn = false;
      if (PERHAPS_ITS_OWN.has(error.kmsCause)) {
        const asked = works.get(isSource) ?? this.#works(kek, isSource, error);
        works.set(isSource, asked);
        isOwn = await asked;
      }
      if (isOwn) own.push({ record, code: error.code });
      // What the customer decided explains more than what happened to be unreachable besides.
      else if (!problem || error.customerDecision) problem = problemOf(step, kek, error);
    }
    return { failures: own, problem };
  }

  async #works(kek: Kek, isSource: boolean, error: KmsError): Promise<boolean> {
    const { canary } = kek;
    if (!canary) return error.kmsCause === 'CONTEXT_MISMATCH';
    const { kms } = this.#options;
    try {
      const { dataKey } = await kms.unwrap(kek, canary.wrapped, canary.context);
      await lent(dataKey, async (known) => {
        if (isSource) return;
        const { wrapped } = await kms.wrap(kek, known, canary.context);
        const again = await kms.unwrap(kek, wrapped, canary.context);
        await lent(again.dataKey, (opened) => assertSame(known, opened));
      });
      return true;
    } catch (failure) {
      if (failure instanceof KmsError) return false;
      throw failure;
    }
  }
}

/** Disposes of the data key when the work with it is done. */
async function lent<T>(dataKey: DataKey, work: (dataKey: DataKey) => Promise<T> | T): Promise<T> {
  try {
    return await work(dataKey);
  } finally {
    dataKey[Symbol.dispose]();
  }
}

/** @throws KmsError INVALID_RESPONSE */
function assertSame(expected: DataKey, actual: DataKey): void {
  if (actual.keyObject.equals(expected.keyObject)) return;
  throw new KmsError('INVALID_RESPONSE', 'the key opened what it had wrapped as another data key');
}

const DOINGS: Readonly<Record<Step, string>> = {
  unwrap: 'unwrapping with',
  wrap: 'wrapping with',
  verify: 'verifying with',
};

function problemOf(step: Step, { references }: Kek, { code, message }: KmsError): MoveProblem {
  return { code, detail: `${DOINGS[step]} ${references[0]}: ${message}` };
}
