import type { NewerWord } from './newer-word.ts';

/** A broker that runs, or ran a short while ago. Times are UNIX milliseconds. */
export interface BrokerProcess {
  /** A UUID that it made for itself. */
  readonly id: string;
  /** The name of its machine or pod. */
  readonly host: string;
  readonly version: string;
  readonly startedAt: number;
  readonly heardAt: number;
}

/** LIVE: owes reports of uses. GAP: fell silent with some owing. ENDED: has told all. */
export const SIDECAR_STATES = ['LIVE', 'GAP', 'ENDED'] as const;
export type SidecarState = (typeof SIDECAR_STATES)[number];

/** A sidecar's process that was lent data keys within the last day. Times are UNIX milliseconds. */
export interface SidecarProcess {
  readonly instance: string;
  readonly spiffeId: string;
  readonly state: SidecarState | NewerWord;
  readonly heardAt: number;
  /** After so long without a word it counts as gone, milliseconds. */
  readonly patienceMs: number;
  /** Until when all its uses are recorded. */
  readonly coveredUntil: number;
  /** Of how many accounts it was lent data keys. */
  readonly accounts: number;
  /** And of which services. */
  readonly services: readonly string[];
}

/** How often a broker says that it runs. */
export const BROKER_BEAT_MS = 10_000;
