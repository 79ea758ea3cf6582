import { object } from './json-schema.ts';
import { MAX_REFERENCES } from '../keys/enrol-key.ts';
import { PLATFORM } from '../keys/moves.ts';
import { API_TOKEN_ROLES } from '../model/api-tokens.ts';
import { MOVE_KINDS } from '../model/moves.ts';
import { MAX_LEASE_SECONDS, MIN_LEASE_SECONDS } from '../model/leases.ts';
import { MAX_MEMBER_CHANGES, MAX_MEMBERS } from '../model/coverage.ts';
import { FAILURE_WISHES, FALLBACK_MODES, LICENCES, PROTECTIONS, PROVIDER_NAMES } from '../model/types.ts';

/** JSON schemas of what operators send. Nothing unknown is let through. */

const account = { type: 'string', pattern: '^[A-Za-z0-9._-]{1,64}$' } as const;
const group = account;
/** Without control characters: not every database takes all of them. */
const name = { type: 'string', maxLength: 200, pattern: '^[^\\u0000-\\u001f\\u007f]+$' } as const;
const uuid = { type: 'string', pattern: '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' } as const;

const MAX_CONTACTS = 20;

export const accountParams = object({ account });
export const groupParams = object({ account, group });
export const enrolmentParams = object({
  account,
  srvId: { type: 'string', pattern: '^\\d{4}$' },
  type: { type: 'string', pattern: '^[A-Za-z0-9]{1,64}$' },
});
export const keyParams = object({ key: uuid });
export const ownKeyParams = object({ account, key: uuid });

export const webhookParams = object({ account, webhook: uuid });

export const tokenParams = object({ account, token: uuid });
/** The longest that a token lasts: a year, and a day for the new one to take its place. */
const MAX_TOKEN_DAYS = 367;
export const tokenBody = object({
  name: { type: 'string', pattern: '^[A-Za-z0-9._-]{1,64}$' },
  role: { enum: API_TOKEN_ROLES },
  expiresInDays: { type: 'integer', minimum: 1, maximum: MAX_TOKEN_DAYS },
});

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
const references = {
  type: 'array',
  minItems: 1,
  maxItems: MAX_REFERENCES,
  items: { type: 'string', minLength: 1, maxLength: 2048 },
} as const;
export const keyBody = object(
  {
    provider: { enum: PROVIDER_NAMES },
    references,
    role: { type: 'string', minLength: 1, maxLength: 2048 },
  },
  ['provider', 'references'],
);

export const referencesBody = object({ references });
export const retireBody = {
  ...object(
    {
      acceptUnreadable: { type: 'boolean' },
      acceptNoKey: { type: 'boolean' },
      dataKeys: { type: 'integer', minimum: 0, maximum: Number.MAX_SAFE_INTEGER },
    },
    [],
  ),
  // No body: nothing is confirmed.
  type: ['object', 'null'],
} as const;

export const contactsBody = object({
  emails: {
    type: 'array',
    maxItems: MAX_CONTACTS,
    uniqueItems: true,
    items: {
      type: 'string',
      // What mail servers take unquoted: nothing that means something in a header or an SMTP command.
      pattern: "^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9]([A-Za-z0-9.-]{0,188}[A-Za-z0-9])?$",
    },
  },
});
export const webhookBody = object({ url: { type: 'string', minLength: 1, maxLength: 2048 } });

const keyName = { anyOf: [uuid, { const: PLATFORM }] } as const;
const srvId = { type: 'string', pattern: '^\\d{4}$' } as const;
const assetType = { type: 'string', pattern: '^[A-Za-z0-9]{1,64}$' } as const;
const user = { type: 'string', pattern: '^[\\x21-\\x7e]{1,128}$' } as const;

function list(items: object, maxItems: number) {
  return { type: 'array', minItems: 1, maxItems, uniqueItems: true, items } as const;
}

const MAX_SOURCES = 100;

export const moveParams = object({ account, move: uuid });
export const moveBody = object(
  {
    kind: { enum: MOVE_KINDS },
    selection: object(
      {
        kekIds: list(keyName, MAX_SOURCES),
        protections: list({ enum: PROTECTIONS }, PROTECTIONS.length),
        srvId,
        type: assetType,
        owners: list(user, MAX_MEMBERS),
      },
      ['kekIds'],
    ),
    target: keyName,
    dryRun: { type: 'boolean', default: false },
  },
  ['kind', 'selection', 'target'],
);

const groupChanges = {
  licensed: { type: 'boolean' },
  add: list(user, MAX_MEMBER_CHANGES),
  remove: list(user, MAX_MEMBER_CHANGES),
} as const;
export const groupPatchBody = { ...object(groupChanges, []), minProperties: 1 } as const;

/** One of the changes of `CoverageChange`, and nothing else. */
function coverageChange(more: Readonly<Record<string, object>> = {}) {
  const change = (kind: string, needed: Readonly<Record<string, object>>, optional = {}) =>
    object({ kind: { const: kind }, ...needed, ...optional, ...more }, ['kind', ...Object.keys(needed)]);
  return {
    type: 'object',
    required: ['kind'],
    discriminator: { propertyName: 'kind' },
    oneOf: [
      change('LICENCE', { licence: { enum: LICENCES } }),
      {
        ...change('GROUP', { group }, groupChanges),
        anyOf: Object.keys(groupChanges).map((name) => ({ required: [name] })),
      },
      change('ENROLMENT', { srvId, type: assetType, enrolled: { type: 'boolean' } }),
    ],
  } as const;
}
export const coverageBody = coverageChange();
export const coverageApplyBody = coverageChange({ moveExisting: { type: 'boolean' } });
const limitOf = (maximum: number) => ({ type: ['integer', 'null'], minimum: 1, maximum }) as const;
export const fallbackBody = object({
  mode: { enum: FALLBACK_MODES },
  maxHours: limitOf(8_760),
  maxAssets: limitOf(1_000_000_000),
});
export const leaseBody = object({
  seconds: { type: 'integer', minimum: MIN_LEASE_SECONDS, maximum: MAX_LEASE_SECONDS },
});
export const failureWishBody = object({ wish: { enum: FAILURE_WISHES } });

const limit = {
  type: 'string',
  pattern: '^([1-9]\\d{0,2}|1000)$',
  default: '100',
  description: 'Items of a page, from 1 to 1000.',
} as const;
const cursor = {
  type: 'string',
  pattern: '^[A-Za-z0-9_-]{1,1024}$',
  description: 'The `next` of the page before.',
} as const;
/** One page of a list. */
export const pageQuery = object({ limit, cursor }, []);
export const ledgerQuery = object(
  {
    after: {
      type: 'string',
      pattern: '^\\d{1,15}$',
      default: '0',
      description: 'Begin behind this sequence.',
    },
    limit,
    cursor,
  },
  [],
);

/** What a provider's generator then reads more strictly. */
const fact = { type: 'string', minLength: 1, maxLength: 2048 } as const;

function factsOf<P extends string>(
  provider: P,
  required: Readonly<Record<string, object>>,
  optional: Readonly<Record<string, object>> = {},
) {
  const names = ['provider', ...Object.keys(required)];
  return object({ provider: { const: provider }, ...required, ...optional }, names);
}

/** Facts about a customer's key, as a query; see `SetUpFacts`. `regions`: between commas. */
export const keySetUpQuery = {
  type: 'object',
  required: ['provider'],
  discriminator: { propertyName: 'provider' },
  oneOf: [
    factsOf('aws', { awsAccount: fact, regions: fact }, { keyId: fact, roleName: fact }),
    factsOf('azure', {
      kind: { enum: ['vault', 'managed-hsm'] },
      vault: fact,
      key: fact,
      subscription: fact,
      resourceGroup: fact,
      location: fact,
    }),
    factsOf('oci', { tenancy: fact, compartment: fact, key: fact }),
    factsOf(
      'transit',
      { url: fact, method: { enum: ['kubernetes', 'jwt', 'token'] }, role: fact },
      { namespace: fact, loginMount: fact },
    ),
    factsOf('pkcs11', { uri: fact }),
  ],
} as const;
