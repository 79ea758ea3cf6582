import { object, ref } from '../json-schema.ts';
import { operation, pageOf } from '../operation.ts';
import * as schemas from '../view-schemas.ts';

const SPAN =
  'Without `from` and `until`, UNIX milliseconds: the last day by the hour, or the last 30 days. Days are of UTC.';

/** What can be watched over time. */
export const WATCHING = {
  keyUses: operation('READ', {
    id: 'getKeyUses',
    tag: 'Keys',
    summary: 'How often a key was used, over time',
    description: SPAN,
    params: schemas.keyParams,
    query: schemas.usesQuery,
    answer: object({ uses: ref('Uses') }),
    refusals: ['NOT_FOUND'],
  }),
  uses: operation('READ', {
    id: 'getUses',
    tag: 'Overview',
    summary: 'How often keys were used for the account’s assets, over time',
    description: SPAN,
    params: schemas.accountParams,
    query: schemas.usesQuery,
    answer: object({ uses: ref('Uses') }),
  }),
  budget: operation('READ', {
    id: 'getKmsBudget',
    tag: 'Overview',
    summary: 'What was asked of KMSs for the account in the last day',
    description:
      'Counted by all brokers together, up to some ten seconds ago. A broker that dies loses what it had counted since.',
    params: schemas.accountParams,
    answer: object({ budget: ref('KmsBudget') }),
  }),
  events: operation('READ', {
    id: 'followChanges',
    tag: 'Overview',
    summary: 'What has changed in the account, as server-sent events',
    description:
      'Events `changed` say which of `overview`, `activity`, `keys`, `moves` and `fallback` to read again; they hold nothing else. The first comes at once, and tells what has changed since the event of `Last-Event-ID`. Without `Accept: text/event-stream` it is the only one. The stream ends when the session or token does.',
    params: schemas.accountParams,
    stream: 'text/event-stream',
    refusals: ['TOO_MANY_STREAMS'],
  }),
  health: operation('OPERATE', {
    id: 'getHealth',
    tag: 'Operation',
    summary: 'Brokers and services, and how their sidecars are',
    answer: object({ health: ref('Fleet') }),
  }),
  sidecars: operation('OPERATE', {
    id: 'listSidecars',
    tag: 'Operation',
    summary: 'Sidecars that were lent data keys within the last day, in the order of their ids',
    query: schemas.pageQuery,
    answer: pageOf('sidecars', ref('Sidecar')),
  }),
  accounts: operation('OPERATE', {
    id: 'listAccountHealth',
    tag: 'Operation',
    summary: 'Accounts, each with what needs attention',
    query: schemas.pageQuery,
    answer: pageOf('accounts', ref('AccountHealth')),
  }),
} as const;
