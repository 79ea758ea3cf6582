import { MAX_REFERENCES } from '../keys/enrol-key.ts';
import { LICENCES, PROVIDER_NAMES } from '../model/types.ts';

/** JSON schemas of what operators send. Nothing unknown is let through. */

const account = { type: 'string', pattern: '^[A-Za-z0-9._-]{1,64}$' } as const;
const group = account;
/** Without control characters: not every database takes all of them. */
const name = { type: 'string', maxLength: 200, pattern: '^[^\\u0000-\\u001f\\u007f]+$' } as const;
const uuid = { type: 'string', pattern: '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' } as const;

function object<P extends Record<string, unknown>>(properties: P, required = Object.keys(properties)) {
  return { type: 'object', additionalProperties: false, properties, required } as const;
}

const MAX_MEMBERS = 10_000;

export const accountParams = object({ account });
export const groupParams = object({ account, group });
export const enrolmentParams = object({
  account,
  srvId: { type: 'string', pattern: '^\\d{4}$' },
  type: { type: 'string', pattern: '^[A-Za-z0-9]{1,64}$' },
});
export const keyParams = object({ key: uuid });

export const accountBody = object({ name, licence: { enum: LICENCES } });
export const groupBody = object({
  name,
  licensed: { type: 'boolean' },
  members: {
    type: 'array',
    maxItems: MAX_MEMBERS,
    uniqueItems: true,
    items: { type: 'string', pattern: '^[\\x21-\\x7e]{1,128}$' },
  },
});
export const keyBody = object({
  provider: { enum: PROVIDER_NAMES },
  references: {
    type: 'array',
    minItems: 1,
    maxItems: MAX_REFERENCES,
    items: { type: 'string', minLength: 1, maxLength: 2048 },
  },
});

/** From 1 to 1000. */
const limit = { type: 'string', pattern: '^([1-9]\\d{0,2}|1000)$', default: '100' } as const;
export const listQuery = object({ after: account, limit }, []);
export const auditQuery = object({ limit }, []);
