import { FALLBACK_MODES, FAILURE_WISHES, LICENCES } from '../../model/types.ts';
import { about, count, flag, listOf, millis, nullable, object, oneOf, ref, text } from '../json-schema.ts';

/** Accounts, groups, enrolments and fallback, as the API answers them. */
export const ACCOUNT_ANSWERS = {
  Service: about(
    'A service of the provider.',
    object({ srvId: about('Four digits.', text), name: text, types: listOf(text) }),
  ),
  Licence: about(
    'Whose assets the account’s key covers: nobody’s, everyone’s, or those of members of licensed groups.',
    oneOf(LICENCES),
  ),
  Account: about(
    'A customer.',
    object({
      id: text,
      name: text,
      licence: ref('Licence'),
      externalId: about(
        'What the trust policy of a role in the customer’s AWS account must demand. Made once, no secret.',
        text,
      ),
    }),
  ),
  Group: about(
    'Users whose assets are covered together.',
    object({
      account: text,
      id: text,
      name: text,
      licensed: flag,
      members: about('Users, by the ids that services send as owner.', listOf(text)),
    }),
  ),
  GroupSummary: about(
    'A group, without its members.',
    object({ account: text, id: text, name: text, licensed: flag, memberCount: count }),
  ),
  AssetType: about('What a service stores.', object({ srvId: text, type: text })),
  Enrolment: about(
    'Whether new assets of a type are covered.',
    object({ srvId: text, type: text, enrolled: flag }),
  ),
  FallbackPolicy: about(
    'When the platform key may stand in for a key of the customer’s that cannot wrap, and for how long.',
    object({
      mode: about('Never, when the KMS cannot be reached, or whatever the cause.', oneOf(FALLBACK_MODES)),
      maxHours: about('From the beginning of an episode; null: without end.', nullable(count)),
      maxAssets: about('Of one episode; null: any number.', nullable(count)),
    }),
  ),
  FallbackEpisode: about(
    'A time in which the platform key stands in.',
    object({
      id: text,
      account: text,
      kekId: about('The key that failed.', text),
      cause: about('The error code of its latest failure.', text),
      startedAt: millis,
      endedAt: about('Null: it lasts. UNIX milliseconds.', nullable(millis)),
      assets: about('Data keys made under the platform key meanwhile.', count),
      probes: about('How often the key was tried in vain since.', count),
      nextProbeAt: millis,
    }),
  ),
  FailureWish: about(
    'What a service should do when nothing can be stored: give up the asset, or the whole session.',
    oneOf(FAILURE_WISHES),
  ),
  TypeWish: object({ srvId: text, type: text, wish: ref('FailureWish') }),
};
