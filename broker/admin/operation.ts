import type { ErrorCode } from '../../core/errors.ts';
import type { AccessRule } from '../model/principal.ts';
import { about, listOf, nullable, object, ref, text, type JsonSchema } from './json-schema.ts';
import { PROBLEM_TYPE, statusOf } from './problem.ts';

/** The parts of the document, in its order. */
export const TAGS = {
  Overview: 'Where an account stands.',
  Accounts: 'Customers, the groups of their users, and what is enrolled.',
  Coverage: 'Who and what is covered: see first, then change.',
  Assets: 'What services stored, how it is protected, and who used it.',
  Keys: 'How customers’ keys come, go and change, and what hangs on them.',
  Moves: 'Wrapped data keys that go from one key to another in the background.',
  Fallback: 'What happens when a key fails.',
  Alerts: 'Who is told what.',
  Ledger: 'What was done, in a hash chain for each account.',
  Access: 'Who calls, and what programs show.',
  Operation: 'All that runs, for the provider’s operators.',
  Documentation: 'This document.',
} as const;

/** What is said of an operation, for the OpenAPI document and for Fastify. */
export interface OperationFacts {
  /** Unique: what generated clients call it. */
  readonly id: string;
  readonly tag: keyof typeof TAGS;
  /** A line. */
  readonly summary: string;
  /** What a caller must know beside it. */
  readonly description?: string;
  readonly params?: JsonSchema;
  readonly query?: JsonSchema;
  readonly body?: JsonSchema;
  /** Of status 200, and of 201 when it makes something. */
  readonly answer?: JsonSchema;
  readonly made?: JsonSchema;
  /** Of status 200 as well, to whoever accepts `application/x-ndjson`: one line. */
  readonly line?: JsonSchema;
  /** Of status 200, when it is not JSON: its media type. */
  readonly stream?: string;
  /** The answer has an ETag; a writing operation heeds If-Match. */
  readonly versioned?: 'READ' | 'WRITE';
  /** Whether it heeds Idempotency-Key. */
  readonly idempotent?: boolean;
  /** Codes by which it refuses, besides those that follow from the rest. */
  readonly refusals?: readonly ErrorCode[];
}

/** JSON lines. */
export const NDJSON = 'application/x-ndjson';

/** What a route is registered with. */
export function operation(access: AccessRule, facts: OperationFacts) {
  const { id, tag, summary, description, params, query, body } = facts;
  const headers = requestHeaders(facts);
  return {
    config: { access },
    schema: {
      operationId: id,
      tags: [tag],
      summary,
      ...(description !== undefined && { description }),
      ...(params && { params }),
      ...(query && { querystring: query }),
      ...(body && { body }),
      ...(headers && { headers }),
      ...(access === 'PUBLIC' && { security: [] }),
      'x-cmk-access': access,
      response: { ...successes(facts), ...refusals(access, facts) },
    },
  } as const;
}

/** A page of a list. @param name of the member that holds the items */
export function pageOf(name: string, items: JsonSchema) {
  const next = about('Give it as `cursor` for the next page; null: this is the last.', nullable(text));
  return object({ [name]: listOf(items), next });
}

function requestHeaders({ versioned, idempotent }: OperationFacts): JsonSchema | null {
  const headers = {
    ...(versioned === 'WRITE' && {
      'if-match': about(
        'The ETag that was read: when somebody else changed it since, nothing happens.',
        text,
      ),
    }),
    ...(idempotent && {
      'idempotency-key': about(
        'Up to 128 visible characters. The request is carried out once, however often it is sent within a day.',
        text,
      ),
    }),
  };
  return Object.keys(headers).length === 0 ? null : { type: 'object', properties: headers };
}

const ETAG = { ETag: about('The version of what was answered.', text) };

function successes({ answer, line, made, stream, versioned, summary }: OperationFacts) {
  const headers = versioned ? { headers: ETAG } : {};
  return {
    ...(answer && { 200: withLines(content('application/json', summary, answer, headers), line) }),
    ...(stream !== undefined && { 200: content(stream, summary, text, headers) }),
    ...(made && { 201: content('application/json', 'It was made.', made, headers) }),
  };
}

function content(mediaType: string, description: string, schema: JsonSchema, rest: object) {
  return { description, content: { [mediaType]: { schema } }, ...rest };
}

function withLines<C extends ReturnType<typeof content>>(told: C, line?: JsonSchema) {
  return line ? { ...told, content: { ...told.content, [NDJSON]: { schema: line } } } : told;
}

/** One answer for each status, with the codes that it may have. */
function refusals(access: AccessRule, facts: OperationFacts) {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of codesOf(access, facts)) {
    byStatus.set(statusOf(code), [...(byStatus.get(statusOf(code)) ?? []), code]);
  }
  const problems = [...byStatus].map(([status, codes]) => [
    status,
    content(PROBLEM_TYPE, codes.map((code) => `\`${code}\``).join(', '), ref('Problem'), {}),
  ]);
  return Object.fromEntries(problems) as Readonly<Record<number, object>>;
}

function codesOf(access: AccessRule, facts: OperationFacts): Set<ErrorCode> {
  const { params, query, body, versioned, idempotent, refusals: own = [] } = facts;
  const asksWho = access !== 'PUBLIC';
  return new Set<ErrorCode>([
    ...(params || query || body ? (['INVALID_ARGUMENT'] as const) : []),
    'RATE_LIMITED',
    ...(asksWho ? (['TOKEN_INVALID', 'TOO_MANY_ATTEMPTS'] as const) : []),
    ...(body || access === 'ADMINISTER' || access === 'OPERATE' ? (['CROSS_SITE_REQUEST'] as const) : []),
    ...(asksWho && access !== 'ANY' && access !== 'READ' ? (['ROLE_INSUFFICIENT'] as const) : []),
    ...(params && 'account' in (params['properties'] as object) ? (['ACCOUNT_UNKNOWN'] as const) : []),
    ...(versioned === 'WRITE' ? (['STALE_VERSION'] as const) : []),
    ...(idempotent ? (['CONFLICT'] as const) : []),
    ...own,
    'STORE_UNAVAILABLE',
    'INTERNAL',
  ]);
}
