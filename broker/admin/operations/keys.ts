import { about, listOf, object, ref, text, type JsonSchema } from '../json-schema.ts';
import { operation, pageOf } from '../operation.ts';
import * as schemas from '../schemas.ts';

const params = schemas.accountParams;
const keyParams = schemas.ownKeyParams;
const steps = listOf(ref('VerificationStep'));
/** One line of an answer that tells the steps as they come: `answer` is as without lines. */
function lineOf(answer: JsonSchema): JsonSchema {
  return {
    anyOf: [
      object({ step: about('It begins, RUNNING, or has ended.', ref('VerificationStep')) }),
      about('The last line.', object({ answer })),
      about('The last line, when it failed behind the first step.', object({ problem: ref('Problem') })),
    ],
  };
}
const LIVE =
  'With `Accept: application/x-ndjson` each step is told as it begins and as it ends, a JSON object in each line; what fails before the first step is a problem as ever. Whoever goes away ends the verification with the step that runs. It lasts 120 s at most.';
const referencesSet = object({ references: listOf(text), steps });
const oneKey = object({ key: ref('Key') });

/** What a verification may find: its problem has the steps. */
const FINDINGS = [
  'KEY_DISABLED',
  'KEY_PERMISSION_REVOKED',
  'KEY_PENDING_DELETION',
  'KEY_NOT_FOUND',
  'KMS_AUTH_FAILED',
  'KMS_CONTEXT_MISMATCH',
  'KMS_ACCOUNT_ISSUE',
  'KMS_THROTTLED',
  'KMS_UNREACHABLE',
  'KMS_INVALID_RESPONSE',
] as const;

/** What can be asked about keys. */
export const KEYS = {
  setUp: operation('READ', {
    id: 'getKeySetUp',
    tag: 'Keys',
    summary: 'What the customer pastes or runs before a key can be enrolled',
    description:
      'Policies, role assignments, commands and Terraform, made of the facts in the query. Which facts there are depends on the provider. Changes nothing.',
    params,
    query: schemas.keySetUpQuery,
    answer: object({ documents: listOf(ref('SetUpDocument')) }),
  }),
  list: operation('READ', {
    id: 'listKeys',
    tag: 'Keys',
    summary: 'The account’s keys, the newest first, with how their uses go',
    params,
    query: schemas.pageQuery,
    answer: pageOf('keys', ref('Key')),
  }),
  get: operation('READ', {
    id: 'getKey',
    tag: 'Keys',
    summary: 'One key, with how its uses go',
    params: keyParams,
    answer: oneKey,
    refusals: ['NOT_FOUND'],
  }),
  enrol: operation('ADMINISTER', {
    id: 'enrolKey',
    tag: 'Keys',
    summary: 'Verify a key and enrol it',
    description:
      'Every step of the verification is tried on the key and on each replica. The key becomes ACTIVE with its first data key. When a step fails nothing is enrolled, and the problem has the `steps`, with cause and advice.',
    params,
    body: schemas.keyBody,
    made: object({ key: ref('Key'), steps }),
    idempotent: true,
    refusals: ['CONFLICT', ...FINDINGS],
  }),
  tryOut: operation('ADMINISTER', {
    id: 'tryKey',
    tag: 'Keys',
    summary: 'Verify a key without enrolling it',
    description: LIVE,
    params,
    body: schemas.keyBody,
    answer: ref('Verification'),
    line: lineOf(ref('Verification')),
  }),
  verify: operation('ADMINISTER', {
    id: 'verifyKey',
    tag: 'Keys',
    summary: 'Verify an enrolled key again',
    description: LIVE,
    params: keyParams,
    answer: ref('Verification'),
    line: lineOf(ref('Verification')),
    refusals: ['NOT_FOUND'],
  }),
  references: operation('READ', {
    id: 'getKeyReferences',
    tag: 'Keys',
    summary: 'Where a key is found: the key itself and its replicas, in the order to try',
    params: keyParams,
    answer: object({ references: listOf(text) }),
    versioned: 'READ',
    refusals: ['NOT_FOUND'],
  }),
  setReferences: operation('ADMINISTER', {
    id: 'setKeyReferences',
    tag: 'Keys',
    summary: 'Say where a key is found: the key itself and its replicas, in the order to try',
    description: `What is new is verified first and must open what the key wrapped before. When a step fails nothing is changed, and the problem has the \`steps\`.\n\n${LIVE} Lines have no ETag.`,
    params: keyParams,
    body: schemas.referencesBody,
    answer: referencesSet,
    line: lineOf(referencesSet),
    versioned: 'WRITE',
    refusals: ['NOT_FOUND', 'CONFLICT', ...FINDINGS],
  }),
  blastRadius: operation('READ', {
    id: 'getBlastRadius',
    tag: 'Keys',
    summary: 'What becomes unreadable if a key dies',
    description: 'Counts, and changes nothing.',
    params: keyParams,
    answer: object({ blastRadius: ref('BlastRadius') }),
    refusals: ['NOT_FOUND'],
  }),
  retire: operation('ADMINISTER', {
    id: 'retireKey',
    tag: 'Keys',
    summary: 'Retire a key: what only it protects opens no more',
    description:
      'A key that still protects something is retired only with `acceptUnreadable` and the very number of data keys that the blast radius says, and the last key that takes new data of an account with a licence only with `acceptNoKey`. `restoreKey` brings it back.',
    params: keyParams,
    body: schemas.retireBody,
    answer: ref('KeyEventPosition'),
    refusals: ['NOT_FOUND', 'CONFLICT'],
  }),
  restore: operation('ADMINISTER', {
    id: 'restoreKey',
    tag: 'Keys',
    summary: 'Bring a retired key back: it opens again what it protects, and the newest one takes new data',
    params: keyParams,
    answer: oneKey,
    refusals: ['NOT_FOUND', 'CONFLICT'],
  }),
  revoke: operation('ADMINISTER', {
    id: 'revokeKey',
    tag: 'Keys',
    summary: 'Revoke now: every broker and sidecar drops the key’s data keys at once',
    description: 'Running streams stop and ask the KMS again, which decides about every next use.',
    params: keyParams,
    answer: ref('KeyEventPosition'),
    refusals: ['NOT_FOUND'],
  }),
  revokeAny: operation('OPERATE', {
    id: 'revokeAnyKey',
    tag: 'Keys',
    summary: 'Revoke any key now, the platform’s included',
    params: schemas.keyParams,
    answer: ref('KeyEventPosition'),
    refusals: ['NOT_FOUND'],
  }),
} as const;
