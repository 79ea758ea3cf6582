import type { Knex } from 'knex';
import { ERROR_CODES } from '../../core/errors.ts';
import { KEY_STATUSES, KEY_USES, MOVE_OUTCOMES, type AlertFacts, type AlertKind } from '../model/alerts.ts';
import { isNewerWord } from '../model/newer-word.ts';
import { KEY_LIFECYCLES } from '../model/types.ts';

type Check = (value: unknown) => boolean;

const text: Check = (value) => typeof value === 'string';
const count: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
/** One of these, or one that a newer release added to them. */
const word =
  (known: readonly string[]): Check =>
  (value) =>
    typeof value === 'string' && isNewerWord(value, known);
const cause = word(Object.keys(ERROR_CODES));
const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value);

/** What each kind must hold, apart from its name. A newer release may add to it. */
const SHAPES = {
  KEY_STATUS: {
    reference: text,
    use: word(KEY_USES),
    from: word(KEY_STATUSES),
    to: word(KEY_STATUSES),
    cause: orNull(cause),
  },
  FALLBACK_STARTED: { reference: text, cause },
  FALLBACK_ENDED: { reference: text, dataKeys: count },
  MOVE_ENDED: {
    from: orNull(text),
    to: orNull(text),
    outcome: word(MOVE_OUTCOMES),
    moved: count,
    left: count,
  },
  KEY_LIFECYCLE: { reference: text, from: word(KEY_LIFECYCLES), to: word(KEY_LIFECYCLES) },
  TEST: {},
} as const satisfies {
  [K in AlertKind]: Record<Exclude<keyof Extract<AlertFacts, { kind: K }>, 'kind'>, Check>;
};

/** Whether what was stored is an alert's facts. */
export function isAlertFacts(value: unknown): value is AlertFacts {
  if (typeof value !== 'object' || value === null || !('kind' in value)) return false;
  const { kind, ...rest } = value as Record<string, unknown>;
  if (typeof kind !== 'string' || !Object.hasOwn(SHAPES, kind)) return false;
  const shape: Record<string, Check> = SHAPES[kind as AlertKind];
  const names = Object.keys(shape);
  return names.every((name) => shape[name]?.(rest[name]));
}

/** As it stands in stored facts: texts in them have their quotation marks escaped, so nothing else looks like it. */
const ANY_KIND = '%"kind":"%';
const KNOWN_KINDS = Object.keys(SHAPES).map((kind) => `%"kind":"${kind}"%`);

/**
 * Narrows a query to alerts of kinds that this release does not know: a newer one wrote them, and beside it or after
 * it this one must not stumble over them.
 * @param facts the column
 */
export function ofNewerKind(query: Knex.QueryBuilder, facts: string): Knex.QueryBuilder {
  for (const kind of KNOWN_KINDS) void query.whereNot(facts, 'like', kind);
  return query.where(facts, 'like', ANY_KIND);
}

/** @param facts as they are stored */
export function isOfNewerKind(facts: string): boolean {
  const kind = /"kind":"([^"]*)"/.exec(facts)?.[1];
  return kind !== undefined && !Object.hasOwn(SHAPES, kind);
}
