import { CmkError } from '../../core/errors.ts';
import type { EncryptionContext } from '../../core/encryption-context.ts';
import type { Clock } from '../../runtime/clock.ts';
import { Repeated } from '../../runtime/repeated.ts';
import { KmsError } from '../kms/provider.ts';
import { newAlert } from '../model/alerts.ts';
import { keysInUse } from '../model/keys-in-use.ts';
import type { FallbackEpisode, Kek } from '../model/types.ts';
import type { Store } from '../store/store.ts';
import type { KmsCalls } from './kms-calls.ts';
import type { Ledger } from './ledger.ts';
import type { Observer } from './observer.ts';

/** How often due episodes are looked for. */
const TICK_MS = 5_000;
/** Keys that are being tried at a time. */
const AT_A_TIME = 256;
const MINUTE_MS = 60_000;
/** Each minute for five, then each 5 minutes. */
const FAST_PROBES = 5;
const SLOW_PROBE_MS = 5 * MINUTE_MS;
/** Longer than a probe takes: whoever claimed it is gone after that. */
const CLAIM_MS = MINUTE_MS;

/** @param probes how often the key was tried in vain since the episode began */
export function probePauseMs(probes: number): number {
  return probes < FAST_PROBES ? MINUTE_MS : SLOW_PROBE_MS;
}

/** Moves what an episode left under the platform key to the customer's key; asked again, it goes on with the same. */
export type StartRecovery = (episode: FallbackEpisode, kek: Kek) => Promise<void>;

/**
 * Ends fallback episodes: tries the customers' keys on a schedule, and when one wraps again, has everything that was
 * made under the platform key meanwhile moved to it. By whichever broker claims an episode.
 */
export class FallbackRecovery {
  readonly #options: FallbackRecoveryOptions;
  readonly #polls: Repeated;
  readonly #underWay = new Set<Promise<void>>();

  constructor(options: FallbackRecoveryOptions) {
    this.#options = options;
    this.#polls = new Repeated({ clock: options.clock, pauseMs: TICK_MS, work: () => this.#poll() });
  }

  start(): void {
    this.#polls.start();
  }

  /** Fulfils when the keys that are being tried have answered. */
  async stop(): Promise<void> {
    await this.#polls.stop();
    await this.#settled();
  }

  /** Tries the keys that are due. Never throws. */
  async runOnce(): Promise<void> {
    await this.#poll();
    await this.#settled();
  }

  /** Begins to try them: a KMS that does not answer keeps no other account waiting. */
  async #poll(): Promise<void> {
    const { store, clock, observer } = this.#options;
    const limit = AT_A_TIME - this.#underWay.size;
    if (limit <= 0) return;
    const nowMs = Math.trunc(clock.wallMs());
    try {
      for (const episode of await store.fallbacks.claimEpisodes(nowMs, nowMs + CLAIM_MS, limit)) {
        const trial: Promise<void> = this.#tryToEnd(episode).finally(() => this.#underWay.delete(trial));
        this.#underWay.add(trial);
      }
    } catch (error) {
      observer.backgroundFailed('look for fallback episodes', error);
    }
  }

  async #settled(): Promise<void> {
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
  }

  async #tryToEnd(episode: FallbackEpisode): Promise<void> {
    const { store, clock, ledger, observer, startRecovery } = this.#options;
    try {
      if ((await store.findAccount(episode.account))?.licence === 'NONE') {
        await this.#endWithoutLicence(episode);
        return;
      }
      const [kek] = keysInUse(await store.listKeks(episode.account));
      const failure = kek
        ? await this.#probe(kek)
        : new CmkError('NOT_FOUND', 'the account has no key in use');
      if (failure || !kek) {
        const pauseMs = probePauseMs(episode.probes + 1);
        const facts = {
          cause: failure?.code ?? episode.cause,
          nextProbeAt: Math.trunc(clock.wallMs()) + pauseMs,
        };
        await store.fallbacks.probeFailed(episode.id, facts);
        return;
      }
      // First the move: whoever dies between the two leaves an episode that is tried again.
      await startRecovery(episode, kek);
      const audit = ledger.event({
        action: 'FALLBACK',
        outcome: 'ALLOWED',
        actor: 'broker',
        account: episode.account,
        kekId: kek.id,
        detail: `fallback ended: the key wraps again; ${episode.assets} data keys are under the platform key`,
      });
      const { account, assets } = episode;
      const facts = { kind: 'FALLBACK_ENDED', reference: kek.references[0], dataKeys: assets } as const;
      const alert = newAlert(clock.wallMs(), { account, kekId: kek.id }, facts);
      await store.fallbacks.endEpisode(episode.id, Math.trunc(clock.wallMs()), audit, alert);
    } catch (error) {
      observer.backgroundFailed('end a fallback episode', error);
    }
  }

  /** Whoever has left wants nothing brought to their key, nor to see it tried. */
  async #endWithoutLicence({ id, account, kekId }: FallbackEpisode): Promise<void> {
    const { store, clock, ledger } = this.#options;
    const about = { action: 'FALLBACK', outcome: 'ALLOWED', actor: 'broker', account, kekId } as const;
    await store.fallbacks.endWithoutLicence({ id, account }, Math.trunc(clock.wallMs()), (staying) => {
      const detail = `fallback ended: the account has no licence; ${staying} data keys stay under the platform key`;
      return ledger.event({ ...about, detail });
    });
  }

  /** Makes a data key that nobody gets, and opens it again. @returns why that failed */
  async #probe(kek: Kek): Promise<CmkError | null> {
    const { kms, clock } = this.#options;
    const timestamp = String(Math.floor(clock.wallMs() / 1000));
    const acct = kek.account ?? 'platform';
    const context: EncryptionContext = { acct, srvId: '0000', type: 'Canary', id: kek.id, timestamp };
    try {
      const { dataKey, wrapped } = await kms.generate(kek, context);
      dataKey[Symbol.dispose]();
      (await kms.unwrap(kek, wrapped, context)).dataKey[Symbol.dispose]();
      return null;
    } catch (error) {
      if (error instanceof KmsError) return error;
      throw error;
    }
  }
}

interface FallbackRecoveryOptions {
  readonly store: Pick<Store, 'fallbacks' | 'findAccount' | 'listKeks'>;
  readonly kms: KmsCalls;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly observer: Observer;
  readonly startRecovery: StartRecovery;
}
