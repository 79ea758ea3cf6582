import { CmkError } from '../../../core/errors.ts';
import { at, type Desk } from './desk.ts';
import { causeInWords, fields, inWords, table, time, timeOfSeconds } from './text.ts';

/** A key as the API shows it. */
export interface Key {
  readonly id: string;
  readonly provider: string;
  readonly references: readonly string[];
  readonly role: { readonly arn: string } | null;
  readonly lifecycle: string;
  readonly createdAt: number;
  readonly statuses: readonly KeyStatus[];
}

/** How one use of a key or replica goes. */
interface KeyStatus {
  readonly reference: string;
  readonly use: string;
  readonly status: string;
  readonly cause: string | null;
  readonly lastSuccessAt: number | null;
  readonly lastFailureAt: number | null;
}

const LIFECYCLE_WORDS = {
  PENDING: 'being enrolled',
  STANDBY: 'ready, protects nothing yet',
  ACTIVE: 'protects new assets',
  DECRYPT_ONLY: 'opens only',
  RETIRED: 'retired',
};
export const STATUS_WORDS = {
  UNKNOWN: 'not known',
  OK: 'works',
  DEGRADED: 'in trouble',
  FAILED: 'fails',
};
export const USE_WORDS = { ENCRYPT: 'seals', DECRYPT: 'opens' };

export function keysOf(desk: Desk, account: string): Promise<{ keys: Key[] }> {
  return desk.getAll(at`/v1/accounts/${account}/keys`, 'keys');
}

/**
 * @param name its id, or one of its references
 * @throws CmkError NOT_FOUND
 */
export async function findKey(desk: Desk, account: string, name: string): Promise<Key> {
  const { keys } = await keysOf(desk, account);
  const key = keys.find(({ id, references }) => id === name || references.includes(name));
  if (key) return key;
  throw new CmkError('NOT_FOUND', `${account} has no key ${name}`);
}

export function keysInText({ keys }: { keys: readonly Key[] }): string {
  const rows = keys.map((key) => [
    key.id,
    inWords(LIFECYCLE_WORDS, key.lifecycle),
    overall(key, 'ENCRYPT'),
    overall(key, 'DECRYPT'),
    timeOfSeconds(key.createdAt),
    `${key.provider} ${key.references.join(' ')}`,
  ]);
  return table(['key', 'life', 'seals', 'opens', 'enrolled', 'in its KMS'], rows, 'no keys');
}

/** Replicas stand in for each other: what works somewhere works. */
function overall({ statuses }: Key, use: string): string {
  const known = statuses.filter((each) => each.use === use).map(({ status }) => status);
  const [best = 'UNKNOWN'] = ['OK', 'DEGRADED', 'FAILED'].filter((status) => known.includes(status));
  const failing = known.filter((status) => status === 'FAILED' || status === 'DEGRADED').length;
  const word = inWords(STATUS_WORDS, best);
  return best === 'OK' && failing > 0 ? `${word}, ${failing} of ${known.length} do not` : word;
}

export function keyInText(key: Key): string {
  const facts = fields([
    ['key', key.id],
    ['provider', key.provider],
    ...(key.role ? [['role', key.role.arn] as const] : []),
    ['life', inWords(LIFECYCLE_WORDS, key.lifecycle)],
    ['enrolled', timeOfSeconds(key.createdAt)],
  ]);
  const rows = key.statuses.map((each) => [
    inWords(USE_WORDS, each.use),
    inWords(STATUS_WORDS, each.status),
    time(each.lastSuccessAt),
    time(each.lastFailureAt),
    each.reference,
  ]);
  const statuses = table(['use', 'status', 'last success', 'last failure', 'reference'], rows, 'no statuses');
  const causes = new Set(key.statuses.flatMap(({ cause }) => (cause === null ? [] : [cause])));
  const advice = [...causes].map((cause) => `✘ ${causeInWords(cause)}\n`).join('');
  return `${facts}\n${statuses}${advice && `\n${advice}`}`;
}
