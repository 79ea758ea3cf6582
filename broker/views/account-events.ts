import { createHash } from 'node:crypto';
import { CmkError } from '../../core/errors.ts';
import type { Clock, ScheduledCall } from '../../runtime/clock.ts';
import type { Observer } from '../keys/observer.ts';
import type { Pulse, Store } from '../store/store.ts';

/** What of an account has changed, and is to be read again. */
export type EventTopic = 'overview' | 'activity' | 'keys' | 'moves' | 'fallback';

/** A note to those who watch an account. */
export interface ChangeNote {
  /** How the account stands now: whoever gives it back is told what has changed since. */
  readonly id: string;
  readonly topics: readonly EventTopic[];
}

export interface Subscription {
  /** Tells no more. Idempotent. */
  end(): void;
}

interface Watcher {
  readonly account: string;
  readonly tell: (note: ChangeNote) => void;
  /** The last note's. */
  id: string;
}

/** How often the database is looked at while somebody watches. */
const POLL_MS = 1_000;
const MAX_WATCHERS = 500;
const PARTS = ['ledger', 'keys', 'moves', 'fallback'] as const;

/**
 * Tells those who watch accounts that something changed, wherever it did: one look at the database for all who watch
 * here, none while nobody does.
 */
export class AccountEvents {
  readonly #options: AccountEventsOptions;
  readonly #watchers = new Set<Watcher>();
  #timer: ScheduledCall | null = null;

  constructor(options: AccountEventsOptions) {
    this.#options = options;
  }

  /**
   * Begins with a note of how the account stands.
   * @param since the id of a note from before; null: nothing has changed yet
   * @throws CmkError TOO_MANY_STREAMS, STORE_UNAVAILABLE
   */
  async watch(account: string, since: string | null, tell: Watcher['tell']): Promise<Subscription> {
    if (this.#watchers.size >= MAX_WATCHERS) {
      throw new CmkError('TOO_MANY_STREAMS', `${MAX_WATCHERS} streams of changes are served here already`);
    }
    const watcher: Watcher = { account, tell, id: '' };
    // Before the look: of many that begin at once no more are let in than may.
    this.#watchers.add(watcher);
    try {
      const id = idOf((await this.#pulses([account])).get(account));
      watcher.id = id;
      tell({ id, topics: since === null ? [] : topicsBetween(since, id) });
    } catch (error) {
      this.#watchers.delete(watcher);
      throw error;
    }
    this.#schedule();
    return { end: () => void this.#watchers.delete(watcher) };
  }

  /** Who watches now. */
  get size(): number {
    return this.#watchers.size;
  }

  /** Looks at the accounts that are watched, and tells what changed. Never throws. */
  async poll(): Promise<void> {
    try {
      const accounts = new Set([...this.#watchers].map(({ account }) => account));
      const pulses = await this.#pulses([...accounts]);
      for (const watcher of [...this.#watchers]) {
        // Who has come meanwhile is told with the next look.
        const pulse = pulses.get(watcher.account);
        if (!pulse || watcher.id === '') continue;
        const id = idOf(pulse);
        const topics = topicsBetween(watcher.id, id);
        watcher.id = id;
        if (topics.length > 0) watcher.tell({ id, topics });
      }
    } catch (error) {
      this.#options.observer.backgroundFailed('look for changes of accounts', error);
    }
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#watchers.clear();
  }

  #schedule(): void {
    if (this.#timer) return;
    this.#timer = this.#options.clock.schedule(POLL_MS, () => {
      void this.poll().finally(() => {
        this.#timer = null;
        if (this.#watchers.size > 0) this.#schedule();
      });
    });
  }

  #pulses(accounts: readonly string[]): Promise<ReadonlyMap<string, Pulse>> {
    return this.#options.store.attention.pulses(accounts);
  }
}

function idOf(pulse: Pulse | undefined): string {
  const hash = (text: string) => createHash('sha256').update(text).digest('base64url').slice(0, 12);
  return PARTS.map((part) => hash(String(pulse?.[part] ?? ''))).join('.');
}

/** Of ids that make no sense everything differs. */
function topicsBetween(before: string, after: string): EventTopic[] {
  const [was, is] = [before.split('.'), after.split('.')];
  const differs = PARTS.map((_, index) => was[index] !== is[index]);
  const changed = PARTS.flatMap((part, index): EventTopic[] => {
    if (!differs[index]) return [];
    return [part === 'ledger' ? 'activity' : part];
  });
  return changed.length > 0 ? ['overview', ...changed] : [];
}

interface AccountEventsOptions {
  readonly store: Pick<Store, 'attention'>;
  readonly clock: Clock;
  readonly observer: Pick<Observer, 'backgroundFailed'>;
}
