import { ref } from '../json-schema.ts';
import { NDJSON, operation, pageOf } from '../operation.ts';
import * as schemas from '../schemas.ts';

const params = schemas.accountParams;
const records = {
  tag: 'Ledger',
  query: schemas.ledgerQuery,
  answer: pageOf('records', ref('LedgerRecord')),
} as const;
const head = { tag: 'Ledger', answer: ref('LedgerHead') } as const;
const whole = {
  tag: 'Ledger',
  description: 'JSON lines in canonical encoding, oldest first, up to the newest record of now.',
  stream: NDJSON,
  refusals: ['TOO_MANY_STREAMS'],
} as const;

/** What can be asked about an account's ledger. */
export const ACCOUNT_LEDGER = {
  records: operation('READ', {
    ...records,
    id: 'listLedgerRecords',
    summary: 'Records of the account’s ledger, in order',
    params,
  }),
  head: operation('READ', {
    ...head,
    id: 'getLedgerHead',
    summary: 'Where the account’s chain stands',
    params,
  }),
  whole: operation('READ', { ...whole, id: 'exportLedger', summary: 'The account’s whole ledger', params }),
} as const;

/** The same about the chain of events that belong to no account. */
export const COMMON_LEDGER = {
  records: operation('OPERATE', {
    ...records,
    id: 'listCommonLedgerRecords',
    summary: 'Records of the ledger of events without an account, in order',
  }),
  head: operation('OPERATE', {
    ...head,
    id: 'getCommonLedgerHead',
    summary: 'Where the chain of events without an account stands',
  }),
  whole: operation('OPERATE', {
    ...whole,
    id: 'exportCommonLedger',
    summary: 'The whole ledger of events without an account',
  }),
} as const;
