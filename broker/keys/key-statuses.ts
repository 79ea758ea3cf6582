import { toCmkError } from '../../core/errors.ts';
import { boundedMap } from '../../runtime/bounded-map.ts';
import type { Clock, ScheduledCall } from '../../runtime/clock.ts';
import { outsideCalls } from '../../runtime/outside-calls.ts';
import { KEY_USES, newAlert, type Alert } from '../model/alerts.ts';
import { unknownStatus, type KeyStatusPlace, type KeyStatusRecord } from '../model/key-status.ts';
import type { Kek } from '../model/types.ts';
import { isChange, isTold, nextStatus, type KmsFact } from '../policy/key-status.ts';
import type { KeyStatusChange, Store } from '../store/store.ts';
import type { KmsOutcome } from './kms-calls.ts';
import type { Ledger } from './ledger.ts';
import type { Observer } from './observer.ts';
import { isCanaryContext } from './verify-key.ts';

const MAX_REMEMBERED = 100_000;
/** Statuses in one transaction. */
const BATCH = 50;
const TICK_MS = 5_000;
/** A use that goes on as before is written down this often. */
const QUIET_MS = 60_000;
/** A refusal that may concern one asset alone makes the key be asked this often at the most. */
const SUSPECT_MS = 60_000;
/** Facts of one use that wait: runs of the same are one already. */
const MAX_FACTS = 16;

/** What this broker knows of one use of one key or replica. */
interface Entry {
  readonly account: string | null;
  record: KeyStatusRecord;
  /** Not written down yet, oldest first. */
  facts: KmsFact[];
  /** All three monotonic. */
  writtenAtMs: number;
  heardAtMs: number;
  suspectedAtMs: number;
}

/**
 * How the uses of all keys and replicas go, as every KMS call tells. Written behind the callers' backs: at once when
 * something changes, else each minute. What is stored by then, by whichever broker, decides: the later fact wins.
 */
export class KeyStatuses {
  readonly #options: KeyStatusesOptions;
  readonly #entries = boundedMap<Entry>(MAX_REMEMBERED);
  /** To be written at once. */
  readonly #due = new Set<Entry>();
  /** To be written when they have waited for long enough. */
  readonly #waiting = new Set<Entry>();
  #writing: Promise<void> | null = null;
  #timer: ScheduledCall | null = null;

  constructor(options: KeyStatusesOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer = this.#options.clock.schedule(TICK_MS, () => {
      this.#tick();
      this.start();
    });
  }

  /** Writes what waits, and fulfils when it is written or cannot be. */
  async stop(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = null;
    await this.flush();
  }

  /** Writes down all that is known here. Never throws. */
  async flush(): Promise<void> {
    await this.#writing;
    for (const entry of this.#waiting) this.#due.add(entry);
    this.#waiting.clear();
    await this.#write();
  }

  /** Takes in how a KMS call came out. Returns at once. */
  observe({ target, reference, operation, context, startedAt, error }: KmsOutcome): void {
    if (target.id === undefined || operation === 'describe') return;
    const use = operation === 'unwrap' ? 'DECRYPT' : 'ENCRYPT';
    const entry = this.#entry({ kekId: target.id, reference, use }, target.account);
    entry.heardAtMs = this.#options.clock.monotonicMs();
    if (!error) {
      this.#add(entry, { at: startedAt, failure: null });
      return;
    }
    const isAboutOne = !(context && isCanaryContext(context));
    // Bytes that were damaged or moved to another asset say nothing about the key.
    if (isAboutOne && error.kmsCause === 'CONTEXT_MISMATCH') return;
    if (isAboutOne && error.kmsCause === 'PERMISSION_REVOKED') {
      if (entry.heardAtMs - entry.suspectedAtMs < SUSPECT_MS) return;
      entry.suspectedAtMs = entry.heardAtMs;
      this.#add(entry, { at: startedAt, failure: { code: error.code, kind: 'SUSPECTED' } });
      return;
    }
    const kind = error.customerDecision ? 'DECIDED' : 'OUTAGE';
    this.#add(entry, { at: startedAt, failure: { code: error.code, kind } });
  }

  /** Takes in that a key was verified on these references. */
  verified({ id, account }: Pick<Kek, 'id' | 'account'>, references: readonly string[]): void {
    const { clock } = this.#options;
    for (const reference of references) {
      for (const use of KEY_USES) {
        const entry = this.#entry({ kekId: id, reference, use }, account);
        entry.heardAtMs = clock.monotonicMs();
        this.#add(entry, { at: clock.wallMs(), failure: null });
      }
    }
  }

  /** Takes in what another broker may have stored. */
  learn(record: KeyStatusRecord, account: string | null): void {
    const entry = this.#entry(record, account);
    if (entry.facts.length === 0) entry.record = record;
  }

  /** When a KMS last answered about it here, monotonic; null: not that anybody remembers. */
  heardAtMs(place: KeyStatusPlace): number | null {
    return this.#entries.get(nameOf(place))?.heardAtMs ?? null;
  }

  #entry(place: KeyStatusPlace, account: string | null): Entry {
    const known = this.#entries.get(nameOf(place));
    if (known) return known;
    const never = { writtenAtMs: -Infinity, heardAtMs: -Infinity, suspectedAtMs: -Infinity };
    const entry: Entry = { account, record: unknownStatus(place), facts: [], ...never };
    this.#entries.set(nameOf(place), entry);
    return entry;
  }

  #add(entry: Entry, fact: KmsFact): void {
    const next = nextStatus(entry.record, fact);
    const changes = isChange(entry.record, next);
    entry.record = next;
    addFact(entry.facts, fact);
    if (!changes) {
      if (!this.#due.has(entry)) this.#waiting.add(entry);
      return;
    }
    this.#waiting.delete(entry);
    this.#due.add(entry);
    void this.#write();
  }

  #tick(): void {
    const nowMs = this.#options.clock.monotonicMs();
    for (const entry of this.#waiting) {
      if (nowMs - entry.writtenAtMs < QUIET_MS) continue;
      this.#waiting.delete(entry);
      this.#due.add(entry);
    }
    if (this.#due.size > 0) void this.#write();
  }

  /** One writer at a time; what comes meanwhile goes with its next batch. */
  #write(): Promise<void> {
    this.#writing ??= outsideCalls(() => this.#drain());
    return this.#writing;
  }

  async #drain(): Promise<void> {
    // Whoever observes something in this same turn of the event loop shares the first transaction.
    await Promise.resolve();
    try {
      while (this.#due.size > 0) await this.#writeBatch();
    } catch (error) {
      // The next tick tries again.
      this.#options.observer.backgroundFailed('write key statuses', error);
    }
    // In the same turn in which nothing was left: what comes from now on begins anew.
    this.#writing = null;
  }

  async #writeBatch(): Promise<void> {
    const batch = [...this.#due].slice(0, BATCH);
    for (const entry of batch) this.#due.delete(entry);
    try {
      await this.#apply(batch);
    } catch (error) {
      for (const entry of batch) if (entry.facts.length > 0) this.#due.add(entry);
      throw error;
    }
  }

  async #apply(batch: readonly Entry[]): Promise<void> {
    const { store, clock, observer } = this.#options;
    const taken = new Map(batch.map((entry) => [nameOf(entry.record), { entry, facts: entry.facts }]));
    for (const { entry } of taken.values()) entry.facts = [];
    const change = (stored: KeyStatusRecord): KeyStatusChange => {
      const { entry, facts } = taken.get(nameOf(stored)) ?? {};
      return entry && facts ? this.#change(entry, stored, facts) : { record: stored, ...UNTOLD };
    };
    try {
      const places = batch.map(({ record }) => record);
      for (const record of await store.keyStatuses.apply(places, change)) {
        const entry = taken.get(nameOf(record))?.entry;
        if (!entry) continue;
        entry.writtenAtMs = clock.monotonicMs();
        entry.record = entry.facts.reduce(nextStatus, record);
      }
    } catch (error) {
      for (const { entry, facts } of taken.values())
        entry.facts = [...facts, ...entry.facts].slice(-MAX_FACTS);
      if (toCmkError(error).retryable) throw error;
      const [first, second] = batch;
      if (first && !second) {
        first.facts = [];
        observer.backgroundFailed('write key statuses', error);
        return;
      }
      // What the database cannot take must not fail its neighbours: each by itself.
      for (const entry of batch) await this.#apply([entry]);
    }
  }

  #change({ account }: Entry, stored: KeyStatusRecord, facts: readonly KmsFact[]): KeyStatusChange {
    const record = facts.reduce(nextStatus, stored);
    if (!isTold(stored, record)) return { record, ...UNTOLD };
    const { kekId, reference, use, status, cause } = record;
    const detail = `${reference}: ${use} ${stored.status} → ${status}${cause === null ? '' : `: ${cause}`}`;
    const outcome = status === 'OK' ? 'ALLOWED' : 'FAILED';
    const audit = this.#options.ledger.event({
      action: 'STATUS',
      outcome,
      actor: 'broker',
      account,
      kekId,
      detail,
    });
    return { record, audit, alerts: this.#alerts(account, stored, record) };
  }

  /** For the account's contacts; the platform's key has none. */
  #alerts(account: string | null, stored: KeyStatusRecord, record: KeyStatusRecord): Alert[] {
    if (account === null) return [];
    const { kekId, reference, use, status: to, cause } = record;
    const facts = { kind: 'KEY_STATUS', reference, use, from: stored.status, to, cause } as const;
    return [newAlert(this.#options.clock.wallMs(), { account, kekId }, facts)];
  }
}

const UNTOLD = { audit: null, alerts: [] } as const;

/** Of several that say the same the first and the last are kept: a run begins and ends. */
function addFact(facts: KmsFact[], fact: KmsFact): void {
  const [previous, last] = facts.slice(-2);
  const name = ({ failure }: KmsFact) => `${failure?.kind ?? 'OK'} ${failure?.code ?? ''}`;
  if (previous && last && name(previous) === name(fact) && name(last) === name(fact)) facts.pop();
  else if (facts.length >= MAX_FACTS) facts.shift();
  facts.push(fact);
}

function nameOf({ kekId, reference, use }: KeyStatusPlace): string {
  return `${kekId} ${use} ${reference}`;
}

interface KeyStatusesOptions {
  readonly store: Pick<Store, 'keyStatuses'>;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly observer: Observer;
}
