import { KEY_USES } from '../../model/alerts.ts';
import { ATTENTION_LEVELS } from '../../model/attention.ts';
import { MOVE_KINDS } from '../../model/moves.ts';
import { KEY_LIFECYCLES, PROTECTIONS } from '../../model/types.ts';
import { about, count, flag, listOf, millis, nullable, object, oneOf, ref, text } from '../json-schema.ts';
import { ACCOUNT_ANSWERS } from './accounts.ts';
import { KEY_ANSWERS } from './keys.ts';

const protection = oneOf(PROTECTIONS);
const lifecycle = oneOf(KEY_LIFECYCLES);
const kind = oneOf(MOVE_KINDS);

const dataKeyMembers = {
  id: text,
  generation: count,
  state: about(
    'CURRENT: the newest. TO_GIVE_WAY: the newest, and the next file is sealed under a newer one. OLDER: opens files from before. DESTROYED: opens nothing.',
    oneOf(['CURRENT', 'TO_GIVE_WAY', 'OLDER', 'DESTROYED']),
  ),
  protection,
  key: ref('KeyName'),
  madeAt: millis,
  reencryptSince: nullable(millis),
  destroyedAt: nullable(millis),
};

function attention(codes: readonly string[], members: Record<string, object>) {
  return object({ level: oneOf(ATTENTION_LEVELS), code: oneOf(codes), ...members });
}

/** What administrators look at, as the API answers it. */
export const VIEW_ANSWERS = {
  Attention: about(
    'Something that needs somebody. URGENT: something is unreadable or not stored, or will be. WARNING: it works, but not as it should. SET_UP: it was never done.',
    {
      oneOf: [
        attention(['KEY_FAILED', 'KEY_DEGRADED'], {
          kekId: text,
          lifecycle,
          reference: text,
          use: oneOf(KEY_USES),
          cause: nullable(text),
          since: nullable(millis),
        }),
        attention(['FALLBACK_ACTIVE', 'FALLBACK_EXHAUSTED'], {
          kekId: text,
          cause: text,
          startedAt: millis,
          endsAt: nullable(millis),
          assets: count,
          maxAssets: nullable(count),
        }),
        attention(['MOVE_WAITING'], { moveId: text, kind, cause: text, left: count }),
        attention(['MOVE_FAILURES'], { moveId: text, kind, failed: count }),
        attention(['MOVE_PAUSED'], { moveId: text, kind, left: count }),
        attention(['RETIRED_KEY_PROTECTS'], { kekId: text, reference: text }),
        attention(['REENCRYPTION_BACKLOG'], { dataKeys: count, oldestSince: millis }),
        attention(['CALLS_REFUSED'], { count }),
        attention(['USES_UNKNOWN'], { gaps: count }),
        attention(['ALERTS_NOT_DELIVERED'], { recipients: count }),
        attention(['NO_KEY', 'NOTHING_ENROLLED', 'NO_CONTACTS'], {}),
      ],
    },
  ),
  KeyOverview: about(
    'A key, and how much it protects.',
    object({ ...KEY_ANSWERS.Key.properties, dataKeys: count }),
  ),
  FallbackOverview: about(
    'The fallback that lasts, with its end.',
    object({
      ...ACCOUNT_ANSWERS.FallbackEpisode.properties,
      state: about(
        'Whether the platform key stands in, its limits are reached, or the account switched it off.',
        oneOf(['STANDING_IN', 'EXHAUSTED', 'SWITCHED_OFF']),
      ),
      endsAt: about('Null: without end. UNIX milliseconds.', nullable(millis)),
      endsInMs: nullable(count),
      assetsLeft: about('Null: any number.', nullable(count)),
    }),
  ),
  Overview: about(
    'An account at one glance.',
    object({
      at: millis,
      account: ref('Account'),
      enrolments: listOf(ref('AssetType')),
      protection: listOf(object({ srvId: text, type: text, protection, assets: count, dataKeys: count })),
      keys: about('The newest first.', listOf(ref('KeyOverview'))),
      fallback: object({ policy: ref('FallbackPolicy'), episode: nullable(ref('FallbackOverview')) }),
      moves: about('Those that have not ended, the newest first.', listOf(ref('Move'))),
      reencryption: object({ dataKeys: count, oldestSince: nullable(millis) }),
      refusals: object({
        since: millis,
        causes: listOf(object({ outcome: oneOf(['REFUSED', 'FAILED']), cause: nullable(text), count })),
      }),
      attention: about('The most urgent first.', listOf(ref('Attention'))),
    }),
  ),
  KeyName: object({
    id: text,
    platform: about('Whether it is the provider’s, not the account’s.', flag),
    reference: about(
      'As its KMS names it; null: the provider’s, which is nobody else’s business.',
      nullable(text),
    ),
    lifecycle,
  }),
  DataKey: about('One of an asset’s data keys.', object(dataKeyMembers)),
  ListedAsset: about(
    'An asset as its newest data key shows it.',
    object({ asset: ref('Asset'), owner: nullable(text), ...dataKeyMembers }),
  ),
  AssetDetails: about(
    'How an asset is protected.',
    object({
      asset: ref('Asset'),
      protection,
      key: ref('KeyName'),
      generation: count,
      owner: about('When its newest data key was made; null: nobody knows.', nullable(text)),
      madeAt: about('When its first data key was made. UNIX milliseconds.', millis),
      dataKeys: about('The newest first.', listOf(ref('DataKey'))),
    }),
  ),
};
