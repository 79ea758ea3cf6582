/**
 * What goes wrong, in every emulator alike.
 * `ErrorType`: the names of the errors that the emulated service answers; `Malformation`: how its answers can be wrong.
 */
export type FaultEffect<ErrorType extends string, Malformation extends string> =
  /** The answer comes later; everything else goes on. */
  | { readonly kind: 'latency'; readonly ms: number }
  /** The service's clock is off by this much: ahead if positive. */
  | { readonly kind: 'clock-skew'; readonly ms: number }
  /** The service's own answer to too many requests; with `perSecond` only beyond that rate. */
  | { readonly kind: 'throttle'; readonly perSecond?: number; readonly retryAfterSeconds?: number }
  /** Any error that the service can answer. */
  | { readonly kind: 'error'; readonly type: ErrorType; readonly message?: string }
  /** The request is read and never answered. */
  | { readonly kind: 'silence' }
  /** The connection is reset: before anything is answered, or in the middle of the body. */
  | { readonly kind: 'reset'; readonly at: 'start' | 'mid-body' }
  /** The answer is not what the contract says, e.g. it is about another key. */
  | { readonly kind: 'malformed'; readonly what: Malformation };

/** A fault and where it strikes, by what `Place` names; what is absent does not matter. */
export type Fault<Effect, Place extends string> = {
  readonly effect: Effect;
  /** How many calls it strikes; default: all until removed. */
  readonly times?: number;
} & Readonly<Partial<Record<Place, string>>>;

export interface Strike<Effect> {
  readonly latencyMs: number;
  readonly effect: Effect | null;
}

interface Armed<Effect, Place extends string> {
  readonly fault: Fault<Effect, Place>;
  left: number;
  /** For a rate: the tokens of its bucket and when they were counted. */
  tokens: number;
  countedAtMs: number;
}

/** Faults on demand. */
export class Faults<Effect extends FaultEffect<string, string>, Place extends string> {
  readonly #armed = new Set<Armed<Effect, Place>>();
  readonly #nowMs: () => number;

  /** @param nowMs the right time, UNIX milliseconds */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** @returns removes it again */
  add(fault: Fault<Effect, Place>): () => void {
    const { effect } = fault;
    const tokens = effect.kind === 'throttle' ? (effect.perSecond ?? 0) : 0;
    const armed = { fault, left: fault.times ?? Infinity, tokens, countedAtMs: this.#nowMs() };
    this.#armed.add(armed);
    return () => void this.#armed.delete(armed);
  }

  clear(): void {
    this.#armed.clear();
  }

  /** The time that the service believes it is, UNIX milliseconds. */
  nowMs(call: Partial<Record<Place, string>> = {}): number {
    let nowMs = this.#nowMs();
    for (const { fault } of this.#armed) {
      if (fault.effect.kind === 'clock-skew' && concerns(fault, call)) nowMs += fault.effect.ms;
    }
    return nowMs;
  }

  /** What strikes this call: all latencies together, and the first of the other effects. Clocks: {@link nowMs}. */
  strike(call: Record<Place, string>): Strike<Effect> {
    let latencyMs = 0;
    let effect: Effect | null = null;
    for (const armed of this.#armed) {
      const candidate = armed.fault.effect;
      if (candidate.kind === 'clock-skew' || !concerns(armed.fault, call)) continue;
      if (candidate.kind === 'latency') latencyMs += candidate.ms;
      else if (effect !== null) continue;
      else if (candidate.kind === 'throttle' && !this.#exceeds(armed, candidate.perSecond)) continue;
      else effect = candidate;
      if (--armed.left === 0) this.#armed.delete(armed);
    }
    return { latencyMs, effect };
  }

  /** Takes a token, if the fault has a rate. */
  #exceeds(armed: Armed<Effect, Place>, perSecond: number | undefined): boolean {
    if (perSecond === undefined) return true;
    const nowMs = this.#nowMs();
    armed.tokens = Math.min(perSecond, armed.tokens + ((nowMs - armed.countedAtMs) / 1_000) * perSecond);
    armed.countedAtMs = nowMs;
    if (armed.tokens < 1) return true;
    armed.tokens -= 1;
    return false;
  }
}

/** Equal in all that the fault names; a name may also be the whole address that the call's ends, e.g. an ARN. */
function concerns<Place extends string>(
  { effect: _effect, times: _times, ...place }: Fault<unknown, Place>,
  call: Partial<Record<Place, string>>,
): boolean {
  return Object.entries(place as Record<string, string | undefined>).every(([name, wanted]) => {
    const actual = call[name as Place];
    return (
      wanted === undefined || wanted === actual || (actual !== undefined && wanted.endsWith(`/${actual}`))
    );
  });
}
