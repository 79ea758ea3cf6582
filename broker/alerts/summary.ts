import type { ErrorCode } from '../../core/errors.ts';
import type { Alert, KeyStatus, KeyStatusFacts } from '../model/alerts.ts';
import type { NewerWord } from '../model/newer-word.ts';

/** What a person is told about alerts of one topic. Sentences, without markup. */
export interface Summary {
  /** Without line breaks; bounded. */
  readonly title: string;
  /** One sentence for each thing that happened, in order; bounded. */
  readonly happened: readonly string[];
  readonly cause: string | null;
  readonly consequence: string;
  readonly action: string;
}

/** Lines of a message at the most: what is left out is counted. */
const MAX_LINES = 12;
/** Customers can type references up to 2,048 characters long. */
const MAX_REFERENCE = 200;
const MAX_TITLE = 160;

/** How alerts of one topic read, oldest first. A flapping key is summed up by what it is now and how often it changed. */
export function summarize(alerts: readonly [Alert, ...Alert[]]): Summary {
  const newest = alerts[alerts.length - 1] ?? alerts[0];
  const summary = { ...describe(newest, alerts), happened: bounded(alerts.map(lineOf)) };
  return { ...summary, title: plain(summary.title, MAX_TITLE) };
}

function describe(newest: Alert, alerts: readonly Alert[]): Omit<Summary, 'happened'> {
  const { facts } = newest;
  switch (facts.kind) {
    case 'KEY_STATUS':
      return describeStatus(alerts);
    case 'FALLBACK_STARTED':
      return {
        title: `New data is kept under the platform key instead of ${shown(facts.reference)}`,
        cause: causeOf(facts.cause),
        consequence:
          'New data is sealed under the provider’s platform key until your key can be used again. Data that your key sealed before opens only with your key.',
        action:
          'If you did not mean this, make the key usable in your KMS. New data then moves to your key by itself. If you want nothing to be stored meanwhile, switch fallback off.',
      };
    case 'FALLBACK_ENDED':
      return {
        title: `Your key ${shown(facts.reference)} protects new data again`,
        cause: null,
        consequence: `Made under the platform key meanwhile: ${dataKeys(facts.dataKeys)}. They are moved to your key, then their data is sealed anew.`,
        action: 'Nothing needs to be done.',
      };
    case 'MOVE_ENDED':
      return describeMove(facts);
    case 'KEY_LIFECYCLE':
      return {
        title: `Key ${shown(facts.reference)} is now ${facts.to}`,
        cause: null,
        consequence: known(LIFECYCLES, facts.to) ?? OF_NEWER,
        action: 'If you did not expect this, ask your administrator or your provider.',
      };
    case 'TEST':
      return {
        title: 'This is a test',
        cause: null,
        consequence: 'Nothing happened. Alerts about your keys reach you in this way.',
        action: 'Nothing needs to be done.',
      };
  }
}

const LIFECYCLES = {
  PENDING: 'The key is not verified yet and protects nothing.',
  STANDBY: 'The key is verified and protects nothing yet.',
  ACTIVE: 'The key protects new data.',
  DECRYPT_ONLY: 'The key opens what it protects; new data is under another key.',
  RETIRED: 'The key is not used any more. What only it protects does not open.',
} as const;

/** The state now of each use that is among the alerts. The worse one names the message. */
function describeStatus(alerts: readonly Alert[]): Omit<Summary, 'happened'> {
  const now = new Map<KeyStatusFacts['use'], Pick<KeyStatusFacts, 'to' | 'cause' | 'reference'>>();
  let changes = 0;
  for (const { facts } of alerts) {
    if (facts.kind !== 'KEY_STATUS') continue;
    now.delete(facts.use);
    now.set(facts.use, facts);
    changes++;
  }
  const worst = [...now.entries()].sort(([, a], [, b]) => severityOf(b.to) - severityOf(a.to))[0];
  if (!worst) throw new Error('a summary of no status');
  const [, { to, cause, reference }] = worst;
  const uses = [...now].filter(([, state]) => state.to === to).map(([use]) => use);
  const flapped = changes > now.size ? ` (it changed ${changes} times)` : '';
  return {
    title: `Key ${shown(reference)} ${known(STATUS_TITLES, to) ?? `is now ${to}`}${flapped}`,
    cause: cause && causeOf(cause),
    ...consequenceOf(to, uses),
  };
}

const SEVERITY = { OK: 0, UNKNOWN: 1, DEGRADED: 2, FAILED: 3 } as const satisfies Record<KeyStatus, number>;

function severityOf(status: KeyStatusFacts['to']): number {
  return known(SEVERITY, status) ?? SEVERITY.DEGRADED;
}

/** What a newer release added has no words here. */
const OF_NEWER = 'Your provider’s staff know what that means.';

function known<K extends string, V>(words: Readonly<Record<K, V>>, word: K | NewerWord): V | undefined {
  return Object.hasOwn(words, word) ? words[word as K] : undefined;
}

const STATUS_TITLES = {
  OK: 'works again',
  UNKNOWN: 'has not been used yet',
  DEGRADED: 'works only some of the time',
  FAILED: 'cannot be used',
} as const satisfies Record<KeyStatus, string>;

function consequenceOf(
  to: KeyStatusFacts['to'],
  uses: readonly KeyStatusFacts['use'][],
): Pick<Summary, 'consequence' | 'action'> {
  const opening = uses.includes('DECRYPT');
  const sealing = uses.includes('ENCRYPT');
  switch (to) {
    case 'OK':
      return {
        consequence: 'Data that this key protects opens again, and new data can be sealed under it.',
        action: 'Nothing needs to be done.',
      };
    case 'UNKNOWN':
      return {
        consequence: 'Nothing is known about the key at present.',
        action: 'Nothing needs to be done.',
      };
    case 'DEGRADED':
      return {
        consequence: 'Some uses of the key fail and are tried again; data may open late, or be sealed late.',
        action: 'Look at the state of your KMS and at its limits on the rate of requests.',
      };
    case 'FAILED':
      return {
        consequence: [
          opening && 'Data that this key protects does not open, unless a replica of the key still works.',
          sealing && 'New data cannot be sealed under this key.',
        ]
          .filter((part) => part !== false)
          .join(' '),
        action:
          'If you took the key away on purpose, nothing needs to be done. Otherwise make it usable again in your KMS: enable it, cancel its deletion, or allow its use in its policy. It is then found to work by itself.',
      };
    default:
      return { consequence: OF_NEWER, action: 'If you did not expect this, ask your provider.' };
  }
}

function describeMove(facts: Extract<Alert['facts'], { kind: 'MOVE_ENDED' }>): Omit<Summary, 'happened'> {
  const target = facts.to === null ? 'the platform key' : shown(facts.to);
  const source = facts.from === null ? 'the platform key' : shown(facts.from);
  if (facts.outcome === 'DONE' && facts.left === 0) {
    return {
      title: `All data keys were moved to ${target}`,
      cause: null,
      consequence: `Moved: ${dataKeys(facts.moved)}. Nothing needs ${source} any more.`,
      action: 'Nothing needs to be done.',
    };
  }
  if (facts.outcome === 'DONE') {
    return {
      title: `The data keys that were chosen were moved to ${target}`,
      cause: null,
      consequence: `Moved: ${dataKeys(facts.moved)}. Still under ${source}: ${dataKeys(facts.left)}. Keep that key.`,
      action: 'Nothing needs to be done.',
    };
  }
  const ended = facts.outcome === 'CANCELLED' ? 'was cancelled' : 'ended before everything was moved';
  return {
    title: `The move of data keys to ${target} ${ended}`,
    cause: null,
    consequence: `Moved: ${dataKeys(facts.moved)}. Still under ${source}: ${dataKeys(facts.left)}. Keep that key.`,
    action: 'Look at the status of both keys, then start the move again.',
  };
}

function dataKeys(count: number): string {
  return count === 1 ? '1 data key' : `${count} data keys`;
}

function lineOf({ at, facts }: Alert): string {
  return `${new Date(at).toISOString()}: ${eventOf(facts)}`;
}

function eventOf(facts: Alert['facts']): string {
  switch (facts.kind) {
    case 'KEY_STATUS': {
      const because = facts.cause === null ? '' : ` (${facts.cause})`;
      return `${facts.use.toLowerCase()} status of ${shown(facts.reference)}: ${facts.from} → ${facts.to}${because}`;
    }
    case 'FALLBACK_STARTED':
      return `fallback began for ${shown(facts.reference)} (${facts.cause})`;
    case 'FALLBACK_ENDED':
      return `fallback ended for ${shown(facts.reference)}, ${dataKeys(facts.dataKeys)} to move`;
    case 'MOVE_ENDED': {
      const [from, to] = [facts.from, facts.to].map((key) =>
        key === null ? 'the platform key' : shown(key),
      );
      return `move from ${from ?? ''} to ${to ?? ''}: ${facts.outcome}, ${facts.moved} moved, ${facts.left} left`;
    }
    case 'KEY_LIFECYCLE':
      return `${shown(facts.reference)}: ${facts.from} → ${facts.to}`;
    case 'TEST':
      return 'somebody sent a test';
  }
}

/** The first and the last ones. */
function bounded(lines: readonly string[]): string[] {
  if (lines.length <= MAX_LINES) return [...lines];
  const half = MAX_LINES / 2;
  return [...lines.slice(0, half), `… ${lines.length - MAX_LINES} more …`, ...lines.slice(-half)];
}

const CAUSES: Readonly<Partial<Record<ErrorCode | NewerWord, string>>> = {
  KEY_DISABLED: 'The key is disabled in your KMS.',
  KEY_PERMISSION_REVOKED: 'The key’s policy in your KMS does not allow its use any more.',
  KEY_PENDING_DELETION: 'The key is scheduled for deletion in your KMS.',
  KEY_NOT_FOUND: 'Your KMS has no such key: it was deleted, or its identifier or region is wrong.',
  KMS_AUTH_FAILED: 'Your KMS does not accept the provider’s credentials.',
  KMS_ACCOUNT_ISSUE: 'Your account with the KMS provider is suspended or not subscribed.',
  KMS_THROTTLED: 'Your KMS limits the rate of requests.',
  KMS_UNREACHABLE: 'Your KMS does not answer.',
  KMS_INVALID_RESPONSE: 'Your KMS answers in a way that makes no sense.',
};

function causeOf(code: ErrorCode | NewerWord): string {
  return `${CAUSES[code] ?? 'The key cannot be used.'} (${code})`;
}

/** As the customer typed it, but for what would break a line, turn the writing round, or go on for ever. */
function shown(reference: string): string {
  return plain(reference, MAX_REFERENCE);
}

/** Control characters, halves of characters, line ends, and what turns the direction of writing. */
const UNFIT = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu;

/** One line of at most so many characters, with nothing in it that forges a line or hides a text. */
export function plain(text: string, maxCharacters: number): string {
  const clean = text.replace(UNFIT, '\u{fffd}');
  const characters = Array.from(clean);
  return characters.length <= maxCharacters ? clean : `${characters.slice(0, maxCharacters - 1).join('')}…`;
}
