import { CHANNELS, DELIVERY_STATES, KEY_STATUSES, KEY_USES, MOVE_OUTCOMES } from '../../model/alerts.ts';
import {
  AUDIT_ACTIONS,
  AUDIT_OUTCOMES,
  KEY_LIFECYCLES,
  KEY_SOURCES,
  REASONS,
  USE_OPERATIONS,
} from '../../model/types.ts';
import { about, count, listOf, millis, nullable, object, oneOf, ref, seconds, text } from '../json-schema.ts';

/** Of an audit event, but for its account. */
const eventMembers = {
  id: text,
  at: millis,
  action: oneOf(AUDIT_ACTIONS),
  outcome: oneOf(AUDIT_OUTCOMES),
  actor: about('A sidecar’s SPIFFE id, a principal’s name, or `broker`.', text),
  asset: ref('Asset'),
  reason: about('Why the key was used, as the service said.', oneOf(REASONS)),
  dataKeyId: text,
  kekId: text,
  source: about('Where the plaintext data key came from.', oneOf(KEY_SOURCES)),
  operation: about('Of uses that a sidecar reports: what they were.', oneOf(USE_OPERATIONS)),
  count: about('Of reported uses and of gaps: how many.', count),
  from: millis,
  until: millis,
  detail: about('In words: the cause of a refusal, what was changed, why this key was chosen.', text),
};
const ALWAYS = ['id', 'at', 'action', 'outcome', 'actor'];
const nullableMembers = Object.fromEntries(
  Object.entries(eventMembers).map(([name, schema]) => [
    name,
    ALWAYS.includes(name) ? schema : nullable(schema),
  ]),
);
const hash = { type: 'string', pattern: '^[0-9a-f]{64}$' } as const;

const fact = (kind: string, members: Record<string, object>) => object({ kind: { const: kind }, ...members });
const status = oneOf(KEY_STATUSES);
const lifecycle = oneOf(KEY_LIFECYCLES);

/** What is recorded and told, as the API answers it. */
export const RECORD_ANSWERS = {
  Asset: about(
    'One object that a service stores.',
    object({ account: text, srvId: text, type: text, id: text }),
  ),
  AuditEvent: about(
    'One line of an account’s history.',
    object({ account: nullable(text), ...nullableMembers }),
  ),
  LedgerRecord: about(
    'An event in its place in the hash chain: docs/ledger.md. Members without a value are absent. The hash covers every member, also those that a later release adds.',
    {
      ...object({ account: text, ...eventMembers, sequence: count, previousHash: hash, hash }, [
        ...ALWAYS,
        'sequence',
        'previousHash',
        'hash',
      ]),
    },
  ),
  LedgerHead: about(
    'Where a chain stands. Keep it where the provider cannot reach it.',
    object({ sequence: about('0: nothing was recorded yet.', count), hash }),
  ),
  AlertFacts: about('What happened.', {
    oneOf: [
      fact('KEY_STATUS', {
        reference: text,
        use: oneOf(KEY_USES),
        from: status,
        to: status,
        cause: nullable(text),
      }),
      fact('FALLBACK_STARTED', { reference: text, cause: text }),
      fact('FALLBACK_ENDED', { reference: text, dataKeys: count }),
      fact('MOVE_ENDED', {
        from: nullable(text),
        to: nullable(text),
        outcome: oneOf(MOVE_OUTCOMES),
        moved: count,
        left: count,
      }),
      fact('KEY_LIFECYCLE', { reference: text, from: lifecycle, to: lifecycle }),
      fact('TEST', {}),
    ],
  }),
  Alert: about(
    'Something that the account’s contacts are told, and what became of telling it.',
    object({
      id: text,
      account: text,
      kekId: about('Null when it is about several keys.', nullable(text)),
      at: millis,
      facts: ref('AlertFacts'),
      deliveries: listOf(
        object({
          channel: oneOf(CHANNELS),
          recipient: about('An e-mail address, or the webhook’s URL.', text),
          state: oneOf(DELIVERY_STATES),
          attempts: count,
          problem: about('Why the last attempt failed.', nullable(text)),
          nextTryAt: about(
            'When it is tried next, at the earliest. UNIX milliseconds; null: never again.',
            nullable(millis),
          ),
        }),
      ),
    }),
  ),
  Webhook: about(
    'Where alerts are posted to.',
    object({ id: text, account: text, url: text, createdAt: seconds }),
  ),
};
