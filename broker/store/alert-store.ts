import type { Alert, Channel, Delivery, ListedAlert, Webhook } from '../model/alerts.ts';
import type { AuditEvent } from '../model/types.ts';
import type { Precondition, Versioned } from './versions.ts';

/** Which deliveries to take on. Times are UNIX milliseconds. */
export interface ClaimRequest {
  readonly channel: Channel;
  readonly nowMs: number;
  /** At most so many. */
  readonly limit: number;
  /** How long a message waits for further alerts that belong to it. */
  readonly settleMs: number;
  /** How long after a message the next one of the same topic to the same recipient waits. */
  readonly windowMs: number;
  /** When others may take them over, should this broker die. */
  readonly untilMs: number;
}

/** What became of a test alert. */
export type TestOutcome = 'RAISED' | 'NOBODY' | 'TOO_SOON';

/** How an attempt ended. */
export type AttemptEnd =
  | { readonly state: 'DELIVERED' | 'NOT_CONFIGURED' }
  | { readonly state: 'FAILED'; readonly problem: string }
  /** Again, from `dueMs` on (UNIX milliseconds). */
  | { readonly state: 'PENDING'; readonly problem: string; readonly dueMs: number };

/**
 * Alerts, whom they go to, and the outbox. A part of broker/store/store.ts, with the same promises.
 *
 * A raised alert is in the outbox in the same transaction, for everybody who is a recipient then. Mails of one topic
 * to one recipient are collected: one message at a time is open, and takes in alerts until it is claimed. A webhook
 * gets each alert by itself, in order.
 *
 * While two releases run side by side, or after the newer one was taken back, there may be alerts of kinds that this
 * one does not know. They are neither listed nor claimed: they wait for a broker that knows them, and hold up no others.
 */
export interface AlertStore {
  /**
   * Raises alerts that no other change goes with. Where there is one, its store call takes the alerts along.
   * @throws CmkError CONFLICT when an account is not there or an alert is raised already
   */
  raise(alerts: readonly Alert[]): Promise<void>;
  /** Raises an alert that tells of nothing, unless nobody would get it, or another one was raised within `pauseMs`. */
  raiseTest(alert: Alert, pauseMs: number, audit: AuditEvent): Promise<TestOutcome>;
  /** The newest first, at most `limit`, with what became of each. @param before the id of the last one seen */
  list(account: string, limit: number, before?: string | null): Promise<ListedAlert[]>;

  /** E-mail addresses, in order. Null: no such account. */
  contacts(account: string): Promise<Versioned<readonly string[]> | null>;
  /**
   * Replaces all. Messages to those who are no contacts any more and that nobody has claimed are dropped.
   * @param precondition throws when they must not be written on what is stored
   * @returns the contacts as stored
   * @throws CmkError CONFLICT when there is no such account
   */
  setContacts(
    account: string,
    emails: readonly string[],
    audit: AuditEvent,
    precondition?: Precondition<Versioned<readonly string[]>>,
  ): Promise<Versioned<readonly string[]>>;

  /** The oldest first. */
  webhooks(account: string): Promise<Webhook[]>;
  /** @returns whether it was stored; not when the account has `max` already */
  insertWebhook(webhook: Webhook, max: number, audit: AuditEvent): Promise<boolean>;
  /** With what has not been delivered to it. @returns whether there was one */
  deleteWebhook(account: string, id: string, audit: AuditEvent): Promise<boolean>;

  /**
   * Takes on deliveries that are due, so that nobody else does until `untilMs`. From then on no alert is added to them.
   * A webhook has one delivery under way at a time, the oldest.
   */
  claim(request: ClaimRequest): Promise<Delivery[]>;
  /** Says how an attempt ended. @returns false when the claim is no longer the holder's: another broker went on */
  finish(id: string, claim: string, end: AttemptEnd): Promise<boolean>;
}
