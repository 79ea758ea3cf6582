import { AwsError, type AwsErrorType } from './errors.ts';

/** What goes wrong. */
export type FaultEffect =
  /** The answer comes later; everything else goes on. */
  | { readonly kind: 'latency'; readonly ms: number }
  /** ThrottlingException; with `perSecond` only beyond that rate. */
  | { readonly kind: 'throttle'; readonly perSecond?: number }
  /** Any error, e.g. KMSInternalException or KeyUnavailableException. */
  | { readonly kind: 'error'; readonly type: AwsErrorType; readonly message?: string }
  /** The request is read and never answered. */
  | { readonly kind: 'silence' }
  /** The connection is reset: before anything is answered, or in the middle of the body. */
  | { readonly kind: 'reset'; readonly at: 'start' | 'mid-body' }
  /** The answer is not what the contract says. */
  | { readonly kind: 'malformed'; readonly what: Malformation };

type Malformation =
  'not-json' | 'empty-body' | 'no-plaintext' | 'short-plaintext' | 'no-blob' | 'other-key' | 'bare-502';

/** A fault and where it strikes; what is absent does not matter. */
export interface Fault {
  readonly effect: FaultEffect;
  readonly region?: string;
  /** The key's ARN or id, as the request names it. */
  readonly key?: string;
  /** E.g. `Decrypt`. */
  readonly operation?: string;
  /** How many calls it strikes; default: all until removed. */
  readonly times?: number;
}

export interface Strike {
  readonly latencyMs: number;
  readonly effect: FaultEffect | null;
}

interface Armed {
  readonly fault: Fault;
  left: number;
  /** For a rate: the tokens of its bucket and when they were counted. */
  tokens: number;
  countedAtMs: number;
}

/** Faults on demand. */
export class Faults {
  readonly #armed = new Set<Armed>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** @returns removes it again */
  add(fault: Fault): () => void {
    const { effect } = fault;
    const tokens = effect.kind === 'throttle' ? (effect.perSecond ?? 0) : 0;
    const armed = { fault, left: fault.times ?? Infinity, tokens, countedAtMs: this.#nowMs() };
    this.#armed.add(armed);
    return () => void this.#armed.delete(armed);
  }

  clear(): void {
    this.#armed.clear();
  }

  /** What strikes this call: all latencies together, and the first of the other effects. */
  strike(call: { region: string; key: string; operation: string }): Strike {
    let latencyMs = 0;
    let effect: FaultEffect | null = null;
    for (const armed of this.#armed) {
      if (!concerns(armed.fault, call)) continue;
      const candidate = armed.fault.effect;
      if (candidate.kind === 'latency') latencyMs += candidate.ms;
      else if (effect !== null) continue;
      else if (candidate.kind === 'throttle' && !this.#exceeds(armed, candidate.perSecond)) continue;
      else effect = candidate;
      if (--armed.left === 0) this.#armed.delete(armed);
    }
    return { latencyMs, effect };
  }

  /** Takes a token, if the fault has a rate. */
  #exceeds(armed: Armed, perSecond: number | undefined): boolean {
    if (perSecond === undefined) return true;
    const nowMs = this.#nowMs();
    armed.tokens = Math.min(perSecond, armed.tokens + ((nowMs - armed.countedAtMs) / 1_000) * perSecond);
    armed.countedAtMs = nowMs;
    if (armed.tokens < 1) return true;
    armed.tokens -= 1;
    return false;
  }
}

/** The error that an effect is, if it is one. */
export function faultError(effect: FaultEffect | null): AwsError | null {
  if (effect?.kind === 'throttle') {
    return new AwsError('ThrottlingException', 'You have exceeded the rate at which you may call KMS.');
  }
  return effect?.kind === 'error' ? new AwsError(effect.type, effect.message ?? 'a fault on demand') : null;
}

/** The answer as a broken KMS would give it. */
export function deform(answer: object, what: Malformation): { status: number; body: string } {
  const ok = (fields: object) => ({ status: 200, body: JSON.stringify({ ...answer, ...fields }) });
  switch (what) {
    case 'not-json':
      return { status: 200, body: JSON.stringify(answer).slice(0, -8) };
    case 'empty-body':
      return { status: 200, body: '{}' };
    case 'no-plaintext':
      return ok({ Plaintext: undefined });
    case 'short-plaintext':
      return ok({ Plaintext: Buffer.alloc(16, 1).toString('base64') });
    case 'no-blob':
      return ok({ CiphertextBlob: undefined });
    case 'other-key':
      return ok({ KeyId: 'arn:aws:kms:us-east-1:999999999999:key/00000000-0000-4000-8000-000000000000' });
    case 'bare-502':
      return { status: 502, body: '<html><body>Bad Gateway</body></html>' };
  }
}

function concerns(fault: Fault, call: { region: string; key: string; operation: string }): boolean {
  return (
    (fault.region === undefined || fault.region === call.region) &&
    (fault.key === undefined || fault.key === call.key || fault.key.endsWith(`/${call.key}`)) &&
    (fault.operation === undefined || fault.operation === call.operation)
  );
}
