import type { Alert } from '../model/alerts.ts';
import type {
  AuditEvent,
  DataKeyRecord,
  FailureWish,
  FallbackEpisode,
  FallbackPolicy,
} from '../model/types.ts';
import type { TypeWish } from './fallbacks.ts';
import type { Precondition, Versioned } from './versions.ts';

/** Why a data key is made under the platform key, and whether it still may. */
export interface FallbackStart {
  readonly kekId: string;
  readonly cause: string;
  /** UNIX milliseconds. */
  readonly at: number;
  readonly nextProbeAt: number;
  /** Given the account's episode, without this data key; throws when it takes no more. May be called several times. */
  readonly check: (episode: FallbackEpisode) => void;
}

/** A part of {@link Store}, with its promises: what accounts want when their key fails, and what happened. */
export interface FallbackStore {
  /**
   * @param precondition throws when it must not be written on what is stored
   * @returns the policy as stored
   * @throws CmkError CONFLICT when there is no such account
   */
  setPolicy(
    account: string,
    policy: FallbackPolicy,
    audit: AuditEvent,
    precondition?: Precondition<Versioned<FallbackPolicy>>,
  ): Promise<Versioned<FallbackPolicy>>;
  /** Null: no such account. */
  findPolicy(account: string): Promise<Versioned<FallbackPolicy> | null>;
  /** FAIL_ASSET is what every type has by itself. */
  setWish(account: string, srvId: string, type: string, wish: FailureWish, audit: AuditEvent): Promise<void>;
  /** Those that are not FAIL_ASSET. */
  listWishes(account: string): Promise<TypeWish[]>;

  /**
   * As `Store.insertDataKey`, for a data key under the platform key in place of one that failed: counts it in the
   * account's episode, which begins with it, and with the alert, when none lasts.
   * Nobody else counts while `check` decides.
   * @throws what `check` throws; nothing is stored then
   */
  insertDataKey(
    record: DataKeyRecord,
    audit: AuditEvent,
    start: FallbackStart,
    began: Alert,
  ): Promise<DataKeyRecord>;
  /** The account's episode that lasts, if there is one. */
  findEpisode(account: string): Promise<FallbackEpisode | null>;
  /** Newest first. @param before the id of the last one seen */
  listEpisodes(account: string, limit: number, before?: string | null): Promise<FallbackEpisode[]>;
  /** Episodes that last and whose key is to be tried by now. Nobody else gets them before `claimedUntil`, UNIX ms. */
  claimEpisodes(now: number, claimedUntil: number, limit: number): Promise<FallbackEpisode[]>;
  /** The key was tried in vain. */
  probeFailed(id: string, facts: { cause: string; nextProbeAt: number }): Promise<void>;
  /** Ends an episode. @returns whether it lasted until now */
  endEpisode(id: string, endedAt: number, audit: AuditEvent, ended: Alert): Promise<boolean>;
  /**
   * Ends an episode without a recovery if its account has no licence: what the platform key wrapped in place of the
   * customer's becomes PLATFORM_KEY.
   * @param audit told how many data keys that are
   * @returns false, and nothing is changed, when the account has a licence or the episode had ended
   */
  endWithoutLicence(
    episode: Pick<FallbackEpisode, 'id' | 'account'>,
    endedAt: number,
    audit: (staying: number) => AuditEvent,
  ): Promise<boolean>;
}
