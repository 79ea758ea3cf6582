import { ERROR_CODES } from '../../../core/errors.ts';
import { VERIFICATION_STEPS } from '../../keys/verify-key.ts';
import { KEY_STATUSES, KEY_USES } from '../../model/alerts.ts';
import { KEY_LIFECYCLES, PROVIDER_NAMES } from '../../model/types.ts';
import {
  about,
  count,
  flag,
  listOf,
  millis,
  nullable,
  object,
  oneOf,
  ref,
  seconds,
  text,
} from '../json-schema.ts';

const statusMembers = {
  kekId: text,
  reference: about('The key or one of its replicas, as its KMS names it.', text),
  use: oneOf(KEY_USES),
  status: oneOf(KEY_STATUSES),
  cause: about('What it has failed with since the last success; null: with nothing.', nullable(text)),
  lastSuccessAt: nullable(millis),
  lastFailureAt: nullable(millis),
  failingSince: about(
    'The first failure since the last success. While it is set, the key is probed. UNIX milliseconds.',
    nullable(millis),
  ),
};

/** Keys, and what hangs on them, as the API answers them. */
export const KEY_ANSWERS = {
  ErrorCode: about('See docs/errors.md.', oneOf(Object.keys(ERROR_CODES))),
  KeyStatus: about('How one use of a key or replica has gone of late.', object(statusMembers)),
  Key: about(
    'A key of the account in its KMS.',
    object({
      id: text,
      account: text,
      provider: oneOf(PROVIDER_NAMES),
      references: about(
        'Identifiers in the KMS: the key, then its replicas in the order to try.',
        listOf(text),
      ),
      role: about(
        'The role in the customer’s AWS account through which it is reached; null: with the broker’s own identity.',
        nullable(object({ arn: text, externalId: text })),
      ),
      lifecycle: about('PENDING → STANDBY → ACTIVE → DECRYPT_ONLY → RETIRED.', oneOf(KEY_LIFECYCLES)),
      createdAt: seconds,
      statuses: listOf(ref('KeyStatus')),
    }),
  ),
  VerificationStep: about(
    'One thing that was tried with the key or a replica before it is trusted.',
    object({
      step: oneOf(Object.keys(VERIFICATION_STEPS)),
      reference: text,
      outcome: about(
        'SKIPPED: an earlier one failed. RUNNING: it has begun; in lines alone.',
        oneOf(['OK', 'FAILED', 'SKIPPED', 'RUNNING']),
      ),
      cause: about('Why it failed, for programs.', nullable(text)),
      detail: about('Why it failed, for people.', nullable(text)),
      advice: about('What to do next, in the words of the KMS.', nullable(text)),
    }),
  ),
  Verification: about(
    'How a verification went. A key that fails is no error of the request.',
    object({ ok: flag, steps: listOf(ref('VerificationStep')) }),
  ),
  DataKeyCount: object({
    srvId: text,
    type: text,
    dataKeys: count,
    assets: about('Fewer than data keys where assets have several generations.', count),
  }),
  BlastRadius: about(
    'What becomes unreadable if the key dies.',
    object({
      dataKeys: count,
      assets: count,
      types: listOf(ref('DataKeyCount')),
      references: about(
        'What hangs on each single reference.',
        listOf(
          object({
            reference: text,
            decrypt: oneOf(KEY_STATUSES),
            othersOpen: about('Whether another reference is known to open.', flag),
          }),
        ),
      ),
      leasesEndInMs: about(
        'How long leases that this broker gave still run; null: it gave none.',
        nullable(count),
      ),
      leaseMs: about('Other brokers’ leases end within this.', count),
      newData: about(
        'What becomes of new data.',
        oneOf(['UNAFFECTED', 'FALLBACK', 'FALLBACK_IN_OUTAGES', 'REFUSED']),
      ),
      newDataIfRetired: about(
        'What becomes of new data if the key is retired.',
        oneOf(['UNAFFECTED', 'PLATFORM_KEY']),
      ),
    }),
  ),
  KeyEventPosition: object({
    position: about('The revocation’s place among all key events. Brokers and sidecars follow them.', count),
  }),
  TypeLease: about(
    'For how long data keys of an asset type may be used after the KMS allowed it, at the most.',
    object({ srvId: text, type: text, seconds: about('From 60 to 300.', count) }),
  ),
  SetUpDocument: about(
    'Something to paste or to run before a key can be enrolled.',
    object(
      {
        title: text,
        who: oneOf(['CUSTOMER', 'PROVIDER']),
        language: oneOf(['json', 'sh', 'hcl', 'text']),
        text,
        note: about('What must be known or done beside it.', text),
      },
      ['title', 'who', 'language', 'text'],
    ),
  ),
};
