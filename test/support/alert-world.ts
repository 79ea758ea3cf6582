import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { MailSender } from '../../broker/alerts/mail-sender.ts';
import { Outbox, type OutboxObserver, type OutboxOptions } from '../../broker/alerts/outbox.ts';
import { openStore, type StoreLocation } from '../../broker/store/open-store.ts';
import type { Store } from '../../broker/store/store.ts';
import { Secret } from '../../runtime/config.ts';
import { DrivenClock } from './driven-clock.ts';
import { anAccount, anAuditEvent } from './stored-facts.ts';

export const WINDOW_MS = 900_000;
export const TIMEOUT_MS = 30_000;
const GIVE_UP_MS = 86_400_000;
export const CONTACT = 'keys@acme.test';

/** Remembers how attempts ended, as `MAIL DELIVERED`. */
export class Deliveries implements OutboxObserver {
  readonly ends: string[] = [];
  readonly problems: unknown[] = [];
  readonly background: unknown[] = [];

  alertDelivery(...[channel, state, problem]: Parameters<OutboxObserver['alertDelivery']>): void {
    this.ends.push(`${channel} ${state}`);
    if (problem !== null) this.problems.push(problem);
  }

  backgroundFailed(_task: string, error: unknown): void {
    this.background.push(error);
  }
}

export interface AlertWorld {
  /** The store’s. */
  readonly location: StoreLocation;
  readonly store: Store;
  readonly clock: DrivenClock;
  readonly seen: Deliveries;
  /** Another broker's outbox over the same store; of what it is not told, as the first one. */
  readonly outbox: (options?: Partial<OutboxOptions>) => Outbox;
}

/** A store with the account `acme`, which has one contact. */
export async function alertWorld(
  t: ExecutionContext,
  options: { location?: StoreLocation; wallMs?: number; name?: string } = {},
): Promise<AlertWorld> {
  const dir = await mkdtemp(join(tmpdir(), 'cmk-alerts-'));
  const location = options.location ?? { sqlitePath: join(dir, 'cmk.db') };
  const store = await openStore(location);
  const clock = new DrivenClock(options.wallMs);
  const seen = new Deliveries();
  const outboxes: Outbox[] = [];
  t.teardown(async () => {
    for (const each of outboxes) await each.stop();
    await store.close();
    await rm(dir, { recursive: true });
  });
  await store.putAccount(anAccount({ name: options.name ?? 'Acme' }), anAuditEvent());
  await store.alerts.setContacts('acme', [CONTACT], anAuditEvent());
  return {
    location,
    store,
    clock,
    seen,
    outbox(more = {}) {
      const outbox = new Outbox({
        store,
        senders: { MAIL: null, WEBHOOK: null },
        clock,
        random: () => 0.5,
        observer: seen,
        windowMs: WINDOW_MS,
        timeoutMs: TIMEOUT_MS,
        giveUpMs: GIVE_UP_MS,
        ...more,
      });
      outboxes.push(outbox);
      return outbox;
    },
  };
}

export function mailSender(url: string, ca: readonly string[] | null = null): MailSender {
  return new MailSender({ url: new Secret(url), from: 'cmk@cmk.test', timeoutMs: TIMEOUT_MS, ca });
}

/** Lets an outbox do all that is due now. */
export async function deliverNow(...outboxes: Outbox[]): Promise<void> {
  await Promise.all(outboxes.map((outbox) => outbox.runOnce()));
  for (const outbox of outboxes) await outbox.settled();
}
