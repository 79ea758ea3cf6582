import { ref } from '../json-schema.ts';
import { operation, pageOf } from '../operation.ts';
import * as schemas from '../schemas.ts';

const params = schemas.enrolmentParams;

/** What can be asked about leases. */
export const LEASES = {
  list: operation('READ', {
    id: 'listLeases',
    tag: 'Keys',
    summary: 'Asset types whose data keys are lent for less than 300 s',
    params: schemas.accountParams,
    query: schemas.pageQuery,
    answer: pageOf('leases', ref('TypeLease')),
  }),
  get: operation('READ', {
    id: 'getLease',
    tag: 'Keys',
    summary: 'For how long data keys of an asset type are lent',
    params,
    answer: ref('TypeLease'),
    versioned: 'READ',
    refusals: ['NOT_FOUND'],
  }),
  put: operation('ADMINISTER', {
    id: 'putLease',
    tag: 'Keys',
    summary: 'Say for how long data keys of an asset type are lent, at the most',
    description:
      'From 60 to 300 s after the KMS allowed their use; 300 s where nothing was said. The shorter, the sooner nothing opens any more when the KMS cannot be asked, and the more calls it gets. Takes effect with the next call of the KMS: what is lent already ends when it was to end, so within 300 s.',
    params,
    body: schemas.leaseBody,
    answer: ref('TypeLease'),
    versioned: 'WRITE',
    refusals: ['NOT_FOUND'],
  }),
} as const;
