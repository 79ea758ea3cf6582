import type { ErrorCode } from '../../core/errors.ts';
import type { NewerWord } from './newer-word.ts';
import type { KeyLifecycle } from './types.ts';
import { uuidv7 } from './uuid.ts';

/** What is known of one use of a key or replica. */
export const KEY_STATUSES = ['UNKNOWN', 'OK', 'DEGRADED', 'FAILED'] as const;
export type KeyStatus = (typeof KEY_STATUSES)[number];

/** The uses of a key that have a status each. */
export const KEY_USES = ['ENCRYPT', 'DECRYPT'] as const;
export type KeyUse = (typeof KEY_USES)[number];

export const MOVE_OUTCOMES = ['DONE', 'FAILED', 'CANCELLED'] as const;
export type MoveOutcome = (typeof MOVE_OUTCOMES)[number];

/** What happened. References are the identifiers of keys that the customer typed. */
export type AlertFacts =
  | KeyStatusFacts
  /** New data keys of the account are wrapped under the platform key. */
  | { readonly kind: 'FALLBACK_STARTED'; readonly reference: string; readonly cause: ErrorCode | NewerWord }
  /** The customer's key protects new data again. */
  | { readonly kind: 'FALLBACK_ENDED'; readonly reference: string; readonly dataKeys: number }
  /** Data keys were moved from one key to another; null: the platform's. */
  | {
      readonly kind: 'MOVE_ENDED';
      readonly from: string | null;
      readonly to: string | null;
      readonly outcome: MoveOutcome | NewerWord;
      readonly moved: number;
      /** Those that are still under the old key. */
      readonly left: number;
    }
  | {
      readonly kind: 'KEY_LIFECYCLE';
      readonly reference: string;
      readonly from: KeyLifecycle | NewerWord;
      readonly to: KeyLifecycle | NewerWord;
    }
  /** Nothing happened: somebody wants to see that alerts arrive. */
  | { readonly kind: 'TEST' };

/** A key, or one of its replicas, changed its status for one use. */
export interface KeyStatusFacts {
  readonly kind: 'KEY_STATUS';
  readonly reference: string;
  readonly use: KeyUse | NewerWord;
  readonly from: KeyStatus | NewerWord;
  readonly to: KeyStatus | NewerWord;
  /** Why it is not OK; null when it is. */
  readonly cause: ErrorCode | NewerWord | null;
}

export type AlertKind = AlertFacts['kind'];

/** Something that an account's contacts are told. */
export interface Alert {
  /** UUIDv7. */
  readonly id: string;
  readonly account: string;
  /** The key that it is about, for operators; null when it is about several. Customers see references only. */
  readonly kekId: string | null;
  /** UNIX milliseconds. */
  readonly at: number;
  readonly facts: AlertFacts;
}

/** An alert of now, for a store call that writes it together with what caused it. */
export function newAlert(
  nowMs: number,
  about: { readonly account: string; readonly kekId: string | null },
  facts: AlertFacts,
): Alert {
  const at = Math.trunc(nowMs);
  return { id: uuidv7(at), account: about.account, kekId: about.kekId, at, facts };
}

/**
 * Alerts of one topic share mails when they come in quick succession: a flapping key sends few of them. A kind that a
 * release adds needs topics of its own: brokers of the release before leave mails alone that have a kind in them which
 * they do not know.
 */
export function topicOf({ id, kekId, facts }: Alert): string {
  switch (facts.kind) {
    case 'KEY_STATUS':
      return `status ${facts.reference}`;
    case 'FALLBACK_STARTED':
    case 'FALLBACK_ENDED':
      return `fallback ${facts.reference}`;
    case 'KEY_LIFECYCLE':
      return `lifecycle ${facts.reference}`;
    case 'MOVE_ENDED':
      return `move ${kekId ?? id}`;
    case 'TEST':
      // Nobody waits for it.
      return `test ${id}`;
  }
}

/** The ways to tell somebody. */
export const CHANNELS = ['MAIL', 'WEBHOOK'] as const;
export type Channel = (typeof CHANNELS)[number];

/**
 * How far a message has come. NOT_CONFIGURED: no broker could send it, for want of a mail server or webhook key.
 * FAILED: given up. Neither is tried again.
 */
export const DELIVERY_STATES = ['PENDING', 'DELIVERED', 'FAILED', 'NOT_CONFIGURED'] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** One message to one recipient, as operators see it. */
export interface DeliveryStatus {
  readonly channel: Channel | NewerWord;
  /** An e-mail address, or the webhook's URL. */
  readonly recipient: string;
  readonly state: DeliveryState | NewerWord;
  readonly attempts: number;
  /** Why the last attempt failed. */
  readonly problem: string | null;
  /** When it is tried next, or again if the broker that tries it just now dies. UNIX milliseconds; null: never again. */
  readonly nextTryAt: number | null;
}

/** An alert and what became of telling it. */
export type ListedAlert = Alert & { readonly deliveries: readonly DeliveryStatus[] };

/** Where alerts of an account are posted to. Its secret is not stored. */
export interface Webhook {
  /** UUIDv7. */
  readonly id: string;
  readonly account: string;
  /** https. */
  readonly url: string;
  /** UNIX seconds. */
  readonly createdAt: number;
}

/** A message that one broker has taken on itself to deliver. Its alerts never change any more. */
export interface Delivery {
  /** UUIDv7; the same at each attempt, so that a recipient recognises a repetition. */
  readonly id: string;
  readonly channel: Channel;
  readonly account: string;
  /** An e-mail address, or a webhook's id. */
  readonly recipient: string;
  /** Where a webhook is; null for mail, and when the webhook was removed. */
  readonly url: string | null;
  /** When the first of its alerts was raised, UNIX milliseconds. */
  readonly createdAt: number;
  /** When its alerts were settled, UNIX milliseconds. */
  readonly frozenAt: number;
  /** From 1, this one included. */
  readonly attempts: number;
  /** Names this attempt: only its holder may say how it ended. */
  readonly claim: string;
  /** Oldest first, at least one. */
  readonly alerts: readonly [Alert, ...Alert[]];
}
