import type { Clock } from '../../runtime/clock.ts';
import type { KmsCalls } from '../keys/kms-calls.ts';
import { PROVIDER_NAMES, type ListedKek } from '../model/types.ts';
import { unknownAccount } from '../model/unknown-account.ts';
import type { KmsTally, Store } from '../store/store.ts';
import { HOUR_MS, lastDay } from './hours.ts';
import { addKms, kmsCountsOf, type KmsCounts } from './key-uses.ts';

/** What each broker lets through; all brokers together, so many times as much. */
export interface KmsLimits {
  /** Calls a second for one account to one kind of KMS. */
  readonly callsPerSecond: number;
  /** Which part of a published quota each broker may use, percent. */
  readonly quotaSharePercent: number;
}

/** Calls to one key or replica within the span, for the account's assets or about its key. */
export interface ReplicaBudget extends KmsCounts {
  readonly kekId: string;
  readonly provider: ListedKek['provider'];
  /** Whether it is the provider's own key; all its replicas are told together. */
  readonly platform: boolean;
  /** Null: the provider's. */
  readonly reference: string | null;
  readonly busiestHour: { readonly from: number; readonly calls: number } | null;
  /** What the KMS publishes, and shares among all who use it there; null: nothing. */
  readonly quota: QuotaShare | null;
}

export interface QuotaShare {
  readonly scope: string;
  readonly perSecond: number;
  /** How much of it these calls were in the busiest hour, percent. */
  readonly usedPercent: number;
}

/** Calls of all brokers to KMSs; what they counted in the last ten seconds is missing. */
export interface KmsBudget {
  /** UNIX milliseconds. */
  readonly from: number;
  readonly until: number;
  readonly limits: KmsLimits;
  /** Those that are running. */
  readonly brokers: number;
  readonly replicas: readonly ReplicaBudget[];
}

/** Tells how much an account asks of KMSs, and how much there is to ask. */
export class KmsBudgets {
  readonly #options: KmsBudgetsOptions;

  constructor(options: KmsBudgetsOptions) {
    this.#options = options;
  }

  /** Of the last day. @throws CmkError ACCOUNT_UNKNOWN, STORE_UNAVAILABLE */
  async one(account: string): Promise<KmsBudget> {
    const { store, clock, limits } = this.#options;
    if (!(await store.findAccount(account))) throw unknownAccount(account);
    const span = lastDay(clock.wallMs());
    const tallies = await store.tallies.kms(account, span);
    const keks = [...(await store.listAnyKeks(account)), ...(await store.listAnyKeks(null))];
    return {
      from: span.fromHour * HOUR_MS,
      until: span.untilHour * HOUR_MS,
      limits,
      brokers: (await store.processes.brokers()).length,
      replicas: keks.flatMap((kek) => this.#replicas(kek, tallies)),
    };
  }

  /** Those of an own key, asked or not; the provider's only if it was asked. */
  #replicas(kek: ListedKek, tallies: readonly KmsTally[]): ReplicaBudget[] {
    const own = tallies.filter(({ kekId }) => kekId === kek.id);
    if (kek.account === null) return own.length > 0 ? [this.#budget(kek, null, own)] : [];
    return kek.references.map((reference) =>
      this.#budget(
        kek,
        reference,
        own.filter((each) => each.reference === reference),
      ),
    );
  }

  #budget(kek: ListedKek, reference: string | null, tallies: readonly KmsTally[]): ReplicaBudget {
    const { id: kekId, provider, account } = kek;
    const counts = tallies
      .map(kmsCountsOf)
      .reduce(addKms, { calls: 0, failures: 0, throttled: 0, limited: 0 });
    const busiestHour = busiestOf(tallies);
    const known = PROVIDER_NAMES.find((name) => name === provider);
    const quota = known ? this.#options.kmsCalls.quotaOf(known, reference ?? kek.references[0]) : null;
    const usedPercent = quota ? ((busiestHour?.calls ?? 0) / (quota.perSecond * 3_600)) * 100 : 0;
    return {
      kekId,
      provider,
      platform: account === null,
      reference,
      ...counts,
      busiestHour,
      quota: quota && { ...quota, usedPercent },
    };
  }
}

function busiestOf(tallies: readonly KmsTally[]): ReplicaBudget['busiestHour'] {
  const hours = new Map<number, number>();
  for (const tally of tallies) {
    hours.set(tally.hour, (hours.get(tally.hour) ?? 0) + kmsCountsOf(tally).calls);
  }
  const [busiest] = [...hours].sort(([, a], [, b]) => b - a);
  return busiest ? { from: busiest[0] * HOUR_MS, calls: busiest[1] } : null;
}

interface KmsBudgetsOptions {
  readonly store: Pick<Store, 'findAccount' | 'listAnyKeks' | 'tallies' | 'processes'>;
  readonly clock: Clock;
  readonly kmsCalls: Pick<KmsCalls, 'quotaOf'>;
  readonly limits: KmsLimits;
}
