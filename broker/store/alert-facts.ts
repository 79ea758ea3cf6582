import type { Knex } from 'knex';
import { isErrorCode } from '../../core/errors.ts';
import { KEY_STATUSES, KEY_USES, MOVE_OUTCOMES, type AlertFacts, type AlertKind } from '../model/alerts.ts';
import { KEY_LIFECYCLES } from '../model/types.ts';

type Check = (value: unknown) => boolean;

const text: Check = (value) => typeof value === 'string';
const count: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const cause: Check = (value) => typeof value === 'string' && isErrorCode(value);
const oneOf =
  (values: readonly unknown[]): Check =>
  (value) =>
    values.includes(value);
const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value);

/** What each kind must hold, apart from its name. */
const SHAPES = {
  KEY_STATUS: {
    reference: text,
    use: oneOf(KEY_USES),
    from: oneOf(KEY_STATUSES),
    to: oneOf(KEY_STATUSES),
    cause: orNull(cause),
  },
  FALLBACK_STARTED: { reference: text, cause },
  FALLBACK_ENDED: { reference: text, dataKeys: count },
  MOVE_ENDED: {
    from: orNull(text),
    to: orNull(text),
    outcome: oneOf(MOVE_OUTCOMES),
    moved: count,
    left: count,
  },
  KEY_LIFECYCLE: { reference: text, from: oneOf(KEY_LIFECYCLES), to: oneOf(KEY_LIFECYCLES) },
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
  return names.length === Object.keys(rest).length && names.every((name) => shape[name]?.(rest[name]));
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
