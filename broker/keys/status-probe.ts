import type { DataKey } from '../../core/data-key.ts';
import type { Clock } from '../../runtime/clock.ts';
import { Repeated } from '../../runtime/repeated.ts';
import { KmsError } from '../kms/provider.ts';
import type { KeyUse } from '../model/alerts.ts';
import type { KeyStatusRecord } from '../model/key-status.ts';
import type { Canary, Kek } from '../model/types.ts';
import type { Store } from '../store/store.ts';
import type { KeyStatuses } from './key-statuses.ts';
import type { KmsCalls } from './kms-calls.ts';
import type { Observer } from './observer.ts';

const POLL_MS = 1_000;
/** References that are being asked at a time. */
const AT_A_TIME = 256;
/** A replica of a key with live leases that nobody used for this long is asked by itself. */
const SILENT_MS = 60_000;

/**
 * Asks keys and replicas in trouble, each by itself, until they work again, also when nobody uses them. What they
 * answer reaches their statuses as any other call's outcome does. Whichever broker claims one asks it.
 */
export class StatusProbe {
  readonly #options: StatusProbeOptions;
  readonly #rounds: Repeated;
  #asking = 0;

  constructor(options: StatusProbeOptions) {
    this.#options = options;
    const { clock } = options;
    this.#rounds = new Repeated({ clock, pauseMs: POLL_MS, work: () => this.runOnce(), overlaps: true });
  }

  start(): void {
    this.#rounds.start();
  }

  /** Fulfils when what is being asked has answered. */
  stop(): Promise<void> {
    return this.#rounds.stop();
  }

  /** Asks what is in trouble and due. Never throws. */
  async runOnce(): Promise<void> {
    const { store, clock, intervalMs, observer } = this.#options;
    const limit = AT_A_TIME - this.#asking;
    if (limit <= 0) return;
    this.#asking += limit;
    try {
      const nowMs = Math.trunc(clock.wallMs());
      const claimed = await store.keyStatuses.claimProbes({ nowMs, untilMs: nowMs + intervalMs, limit });
      this.#asking += claimed.length - limit;
      await Promise.all(byReference(claimed).map((records) => this.#probe(records)));
      this.#asking -= claimed.length;
    } catch (error) {
      this.#asking -= limit;
      observer.backgroundFailed('probe a key in trouble', error);
    }
  }

  /** Unwraps the canary with each replica of a key in use that has been silent for long. Never throws. */
  async askSilent(kek: Kek): Promise<void> {
    const { statuses, clock } = this.#options;
    if (kek.references.length === 1) return;
    const nowMs = clock.monotonicMs();
    const silent = kek.references.filter((reference) => {
      const heardAtMs = statuses.heardAtMs({ kekId: kek.id, reference, use: 'DECRYPT' });
      return heardAtMs === null || nowMs - heardAtMs >= SILENT_MS;
    });
    await Promise.all(silent.map((reference) => this.#ask(kek, reference, 'DECRYPT')));
  }

  /** @param records of one reference */
  async #probe(records: readonly [KeyStatusRecord, ...KeyStatusRecord[]]): Promise<void> {
    const { store, statuses, observer } = this.#options;
    const [{ kekId, reference }] = records;
    try {
      const kek = await store.findKek(kekId);
      const uses = kek?.references.includes(reference) ? usesOf(kek) : [];
      for (const record of records) {
        if (uses.some((use) => use === record.use)) statuses.learn(record, kek?.account ?? null);
        else await store.keyStatuses.dropProbe(record);
      }
      if (kek) await Promise.all(uses.map((use) => this.#ask(kek, reference, use)));
    } catch (error) {
      observer.backgroundFailed('probe a key in trouble', error);
    }
  }

  async #ask(kek: Kek, reference: string, use: KeyUse): Promise<void> {
    const { observer } = this.#options;
    if (!kek.canary) return;
    try {
      const { dataKey } = await this.#call({ ...kek, references: [reference] }, use, kek.canary);
      dataKey[Symbol.dispose]();
    } catch (error) {
      // The key's status has heard of it.
      if (!(error instanceof KmsError)) observer.backgroundFailed('probe a key in trouble', error);
    }
  }

  #call(kek: Kek, use: KeyUse, { wrapped, context }: Canary): Promise<{ dataKey: DataKey }> {
    const { kms } = this.#options;
    return use === 'DECRYPT' ? kms.unwrap(kek, wrapped, context) : kms.generate(kek, context);
  }
}

/** What a key in that state of its life is used for. */
function usesOf({ lifecycle }: Kek): readonly KeyUse[] {
  if (lifecycle === 'RETIRED') return [];
  return lifecycle === 'DECRYPT_ONLY' ? ['DECRYPT'] : ['DECRYPT', 'ENCRYPT'];
}

function byReference(records: readonly KeyStatusRecord[]): [KeyStatusRecord, ...KeyStatusRecord[]][] {
  const groups = new Map<string, [KeyStatusRecord, ...KeyStatusRecord[]]>();
  for (const record of records) {
    const name = `${record.kekId} ${record.reference}`;
    const group = groups.get(name);
    if (group) group.push(record);
    else groups.set(name, [record]);
  }
  return [...groups.values()];
}

interface StatusProbeOptions {
  readonly store: Pick<Store, 'findKek' | 'keyStatuses'>;
  readonly kms: Pick<KmsCalls, 'generate' | 'unwrap'>;
  readonly statuses: Pick<KeyStatuses, 'learn' | 'heardAtMs'>;
  readonly clock: Clock;
  readonly observer: Observer;
  /** Between two questions to the same key or replica. */
  readonly intervalMs: number;
}
