import { ref } from '../json-schema.ts';
import { operation, pageOf } from '../operation.ts';
import * as schemas from '../schemas.ts';

const params = schemas.accountParams;
const groupParams = schemas.groupParams;
const typeParams = schemas.enrolmentParams;

/** What can be asked about accounts, groups and enrolments. */
export const ACCOUNTS = {
  list: operation('OPERATE', {
    id: 'listAccounts',
    tag: 'Accounts',
    summary: 'All accounts, in the order of their identifiers',
    query: schemas.pageQuery,
    answer: pageOf('accounts', ref('Account')),
  }),
  put: operation('OPERATE', {
    id: 'putAccount',
    tag: 'Accounts',
    summary: 'Make an account, or change its name and licence',
    description:
      'Changes what protects new assets alone. To see first what a change of the licence does, and to bring existing data along, use `previewCoverage` and `applyCoverage`.',
    params,
    body: schemas.accountBody,
    answer: ref('Account'),
    versioned: 'WRITE',
  }),
  get: operation('READ', {
    id: 'getAccount',
    tag: 'Accounts',
    summary: 'One account',
    params,
    answer: ref('Account'),
    versioned: 'READ',
  }),
  events: operation('READ', {
    id: 'listAuditEvents',
    tag: 'Ledger',
    summary: 'What happened in the account, the newest first',
    description: 'For looking; what proves it is the ledger.',
    params,
    query: schemas.pageQuery,
    answer: pageOf('auditEvents', ref('AuditEvent')),
  }),
} as const;

export const GROUPS = {
  list: operation('READ', {
    id: 'listGroups',
    tag: 'Accounts',
    summary: 'The account’s groups, with their members',
    params,
    query: schemas.pageQuery,
    answer: pageOf('groups', ref('Group')),
  }),
  get: operation('READ', {
    id: 'getGroup',
    tag: 'Accounts',
    summary: 'One group, with its members',
    params: groupParams,
    answer: ref('Group'),
    versioned: 'READ',
    refusals: ['NOT_FOUND'],
  }),
  put: operation('ADMINISTER', {
    id: 'putGroup',
    tag: 'Accounts',
    summary: 'Make a group, or replace it with all its members',
    description: 'Changes what protects new assets alone. For large groups `patchGroup` is lighter.',
    params: groupParams,
    body: schemas.groupBody,
    answer: ref('Group'),
    versioned: 'WRITE',
  }),
  patch: operation('ADMINISTER', {
    id: 'patchGroup',
    tag: 'Accounts',
    summary: 'Let members of a group come and go, or change whether it is licensed',
    description:
      'Up to 1,000 members come and 1,000 go at a time; a group has 10,000 at the most. Whoever is there already, or is not, is no mistake.',
    params: groupParams,
    body: schemas.groupPatchBody,
    answer: ref('GroupSummary'),
    versioned: 'WRITE',
    refusals: ['NOT_FOUND', 'CONFLICT'],
  }),
} as const;

export const ENROLMENTS = {
  list: operation('READ', {
    id: 'listEnrolments',
    tag: 'Accounts',
    summary: 'The asset types that are enrolled',
    params,
    query: schemas.pageQuery,
    answer: pageOf('enrolments', ref('AssetType')),
  }),
  put: operation('ADMINISTER', {
    id: 'enrolType',
    tag: 'Accounts',
    summary: 'Enrol an asset type',
    description: 'New assets of the type are covered from then on. Repeating it is no mistake.',
    params: typeParams,
    answer: ref('Enrolment'),
    refusals: ['NOT_FOUND'],
  }),
  delete: operation('ADMINISTER', {
    id: 'endEnrolment',
    tag: 'Accounts',
    summary: 'End the enrolment of an asset type',
    description:
      'New assets of the type are under the platform key from then on; what exists stays where it is. Repeating it is no mistake.',
    params: typeParams,
    answer: ref('Enrolment'),
    refusals: ['NOT_FOUND'],
  }),
} as const;

/** What can be asked about the provider's services. */
export const SERVICES = {
  list: operation('ANY', {
    id: 'listServices',
    tag: 'Accounts',
    summary: 'The provider’s services, and the types of assets that they store',
    query: schemas.pageQuery,
    answer: pageOf('services', ref('Service')),
  }),
} as const;
