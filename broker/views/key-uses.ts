import type { Clock } from '../../runtime/clock.ts';
import { findListedKek } from '../keys/key-life.ts';
import { unknownAccount } from '../model/unknown-account.ts';
import type { KmsTally, LedgerTally, Store } from '../store/store.ts';
import { bucketsOf, HOUR_MS, hoursIn, type Bucket } from './hours.ts';

/** How a key, or all keys of an account's assets, were used in a while. */
export interface UseCounts {
  /** Data keys that were made, and wrapped with it. */
  readonly wraps: number;
  /** Data keys that the KMS unwrapped for a use. */
  readonly unwraps: number;
  /** Uses of a data key that a broker had in its cache. */
  readonly brokerCache: number;
  /** Streams of a sidecar that had the data key in its cache, as it reported them. */
  readonly sidecarCache: number;
  /** Services were refused: they may not, or asked for what is not so. */
  readonly refused: number;
  /** It could not be served, e.g. because the key failed. */
  readonly failed: number;
  /** What KMSs were asked, probes and moves included; `limited` did not leave the broker and is not among `calls`. */
  readonly kms: KmsCounts;
}

export interface KmsCounts {
  readonly calls: number;
  readonly failures: number;
  /** Those of the failures that say that it was too much. */
  readonly throttled: number;
  readonly limited: number;
}

export interface UsesBucket extends UseCounts {
  /** UNIX milliseconds. */
  readonly from: number;
}

/** From the first bucket to the last, those in which nothing happened as well. */
export interface Uses {
  readonly bucket: Bucket;
  /** UNIX milliseconds; `until` is not included. */
  readonly from: number;
  readonly until: number;
  readonly total: UseCounts;
  readonly buckets: readonly UsesBucket[];
}

export interface UsesQuery {
  readonly bucket: Bucket;
  /** UNIX milliseconds. */
  readonly from?: number | undefined;
  readonly until?: number | undefined;
}

const NONE: UseCounts = {
  wraps: 0,
  unwraps: 0,
  brokerCache: 0,
  sidecarCache: 0,
  refused: 0,
  failed: 0,
  kms: { calls: 0, failures: 0, throttled: 0, limited: 0 },
};
const USES: ReadonlySet<string> = new Set(['ISSUE', 'RESOLVE', 'USE', 'DESCRIBE', 'REENCRYPT']);

/** Tells how keys were used over time, for charts. */
export class KeyUses {
  readonly #store: KeyUsesStore;
  readonly #clock: Clock;

  constructor(options: { store: KeyUsesStore; clock: Clock }) {
    this.#store = options.store;
    this.#clock = options.clock;
  }

  /**
   * Of one key. Who is refused before it is known whose data key they ask for, or whose new data key no key could wrap,
   * stands in the account's uses alone.
   * @throws CmkError NOT_FOUND, INVALID_ARGUMENT, STORE_UNAVAILABLE
   */
  async ofKey(account: string, kekId: string, query: UsesQuery): Promise<Uses> {
    await findListedKek(this.#store, account, kekId);
    return this.#read(account, query, kekId);
  }

  /** Of the account's assets, whatever key. @throws CmkError ACCOUNT_UNKNOWN, INVALID_ARGUMENT, STORE_UNAVAILABLE */
  async ofAccount(account: string, query: UsesQuery): Promise<Uses> {
    if (!(await this.#store.findAccount(account))) throw unknownAccount(account);
    return this.#read(account, query);
  }

  async #read(account: string, { bucket, ...asked }: UsesQuery, kekId?: string): Promise<Uses> {
    const { tallies } = this.#store;
    const span = bucketsOf(bucket, asked, this.#clock.wallMs());
    await tallies.count(account);
    const buckets = new Map(hoursIn(span).map((hour) => [hour, NONE]));
    let total = NONE;
    const add = (hour: number, counts: Partial<UseCounts>) => {
      buckets.set(hour, sumOf(buckets.get(hour) ?? NONE, counts));
      total = sumOf(total, counts);
    };
    for (const tally of await tallies.ledger(account, span, kekId)) add(tally.hour, countsOf(tally));
    for (const tally of await tallies.kms(account, span, kekId)) add(tally.hour, { kms: kmsCountsOf(tally) });
    return {
      bucket,
      from: span.fromHour * HOUR_MS,
      until: span.untilHour * HOUR_MS,
      total,
      buckets: [...buckets].map(([hour, counts]) => ({ from: hour * HOUR_MS, ...counts })),
    };
  }
}

function countsOf({ action, outcome, source, cause, events, uses }: LedgerTally): Partial<UseCounts> {
  if (!USES.has(action)) return {};
  if (outcome === 'REFUSED') return { refused: events };
  if (outcome === 'FAILED') return { failed: events };
  switch (source) {
    case 'SIDECAR_CACHE':
      return { sidecarCache: uses };
    case 'CACHE':
      return { brokerCache: events };
    case 'KMS':
      // What was made says why it was made under that key.
      return cause === null ? { unwraps: events } : { wraps: events };
    case null:
    default:
      return {};
  }
}

export function kmsCountsOf({ result, calls }: Pick<KmsTally, 'result' | 'calls'>): KmsCounts {
  if (result === 'LIMITED') return { ...NONE.kms, limited: calls };
  const isFailure = result !== 'OK';
  return {
    calls,
    failures: isFailure ? calls : 0,
    throttled: result === 'THROTTLED' ? calls : 0,
    limited: 0,
  };
}

export function addKms(a: KmsCounts, b: KmsCounts): KmsCounts {
  return {
    calls: a.calls + b.calls,
    failures: a.failures + b.failures,
    throttled: a.throttled + b.throttled,
    limited: a.limited + b.limited,
  };
}

function sumOf(a: UseCounts, b: Partial<UseCounts>): UseCounts {
  return {
    wraps: a.wraps + (b.wraps ?? 0),
    unwraps: a.unwraps + (b.unwraps ?? 0),
    brokerCache: a.brokerCache + (b.brokerCache ?? 0),
    sidecarCache: a.sidecarCache + (b.sidecarCache ?? 0),
    refused: a.refused + (b.refused ?? 0),
    failed: a.failed + (b.failed ?? 0),
    kms: b.kms ? addKms(a.kms, b.kms) : a.kms,
  };
}

type KeyUsesStore = Pick<Store, 'findAccount' | 'listAnyKeks' | 'tallies'>;
