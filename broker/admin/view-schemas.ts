import { BUCKETS } from '../views/hours.ts';
import { AUDIT_ACTIONS, AUDIT_OUTCOMES, PROTECTIONS, REASONS } from '../model/types.ts';

/** JSON schemas of what is asked about what administrators look at. */

function object<P extends Record<string, unknown>>(properties: P, required: readonly string[] = []) {
  return { type: 'object', additionalProperties: false, properties, required } as const;
}

const account = { type: 'string', pattern: '^[A-Za-z0-9._-]{1,64}$' } as const;
const srvId = { type: 'string', pattern: '^\\d{4}$' } as const;
const type = { type: 'string', pattern: '^[A-Za-z0-9]{1,64}$' } as const;
/** An asset's id is whatever its service says. */
const id = { type: 'string', pattern: '^[\\x21-\\x7e]{1,256}$' } as const;
const uuid = { type: 'string', pattern: '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' } as const;
/** UNIX milliseconds. */
const time = { type: 'string', pattern: '^\\d{1,14}$' } as const;
const actor = { type: 'string', pattern: '^[^\\u0000-\\u001f\\u007f]{1,1000}$' } as const;
/** From 1 to 1000. */
const limit = { type: 'string', pattern: '^([1-9]\\d{0,2}|1000)$', default: '100' } as const;
const cursor = { type: 'string', pattern: '^[A-Za-z0-9_-]{1,1024}$' } as const;
const paging = { limit, cursor };

/** Some of these words, between commas. */
function anyOf(words: readonly string[]) {
  const word = `(${words.join('|')})`;
  return { type: 'string', maxLength: 400, pattern: `^${word}(,${word})*$` } as const;
}

export const accountParams = object({ account }, ['account']);
export const assetParams = object({ account, srvId, type, id }, ['account', 'srvId', 'type', 'id']);
export const assetsQuery = object({
  srvId,
  type,
  protection: { type: 'string', enum: PROTECTIONS },
  idPrefix: id,
  ...paging,
});
export const pageQuery = object(paging);
export const activityQuery = object({
  action: anyOf(AUDIT_ACTIONS),
  outcome: anyOf(AUDIT_OUTCOMES),
  reason: anyOf(REASONS),
  srvId,
  type,
  id,
  actor,
  key: uuid,
  from: time,
  until: time,
  ...paging,
});

export const keyParams = object({ account, key: uuid }, ['account', 'key']);
export const usesQuery = object({
  bucket: { type: 'string', enum: BUCKETS, default: 'hour' },
  from: time,
  until: time,
});
