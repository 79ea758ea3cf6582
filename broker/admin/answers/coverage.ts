import { MOVE_KINDS, MOVE_STATES } from '../../model/moves.ts';
import { PROTECTIONS } from '../../model/types.ts';
import { about, count, flag, listOf, millis, nullable, object, oneOf, ref, text } from '../json-schema.ts';

const protection = oneOf(PROTECTIONS);
const kind = oneOf(MOVE_KINDS);
const number = { type: 'number', minimum: 0 } as const;

const moveMembers = {
  id: text,
  account: text,
  kind,
  selection: ref('MoveSelection'),
  target: about('The key that they are to be under.', text),
  state: about('A move that cannot go on is RUNNING, and waits.', oneOf(MOVE_STATES)),
  startedAt: millis,
  endedAt: nullable(millis),
  total: about('Data keys under the selection when it started.', count),
  moved: count,
  left: about('Still to be moved; counted anew at the end of each round.', count),
  failed: about('Those of them that cannot be moved for a reason of their own; they are tried again.', count),
  progressAt: about('When the last ones were moved. UNIX milliseconds.', nullable(millis)),
  problem: about('Why it waits; null when it goes on.', nullable(object({ code: text, detail: text }))),
  dueAt: about('When it is looked at again at the latest. UNIX milliseconds.', millis),
  perSecond: about('Data keys a second; null until it is known.', nullable(number)),
  estimatedEndAt: about(
    'UNIX milliseconds; null when it is not known, or the move does not go on.',
    nullable(millis),
  ),
};

/** Changes of what is covered, and moves, as the API answers them. */
export const COVERAGE_ANSWERS = {
  Outlook: about(
    'What a data key that is made now gets, and why.',
    object({ protection, kekId: text, reason: text }),
  ),
  NewAssets: about(
    'What a change means for new assets of a type.',
    object({
      srvId: text,
      type: text,
      owners: about('Whose: a word, or the users themselves.', {
        anyOf: [oneOf(['EVERYONE', 'LICENSED', 'NOT_LICENSED']), listOf(text)],
      }),
      before: ref('Outlook'),
      after: ref('Outlook'),
    }),
  ),
  CoveragePreview: object({
    newAssets: listOf(ref('NewAssets')),
    existing: about(
      'Data keys that would follow, by type.',
      listOf(
        object({
          srvId: text,
          type: text,
          kind,
          target: about('Null: the account has no key to which they could go.', nullable(text)),
          count,
          ownerUnknown: about('Those of which nobody knows the owner; they stay.', count),
        }),
      ),
    ),
  }),
  CoverageOutcome: object({
    newAssets: listOf(ref('NewAssets')),
    existingAssets: oneOf(['FOLLOW', 'STAY']),
    moves: about('Those that bring existing data keys along.', listOf(ref('Move'))),
  }),
  MoveSelection: about(
    'Which data keys of the account. What is absent does not matter.',
    object(
      {
        kekIds: about('Under which keys they are.', listOf(text)),
        protections: listOf(protection),
        srvId: text,
        type: text,
        owners: listOf(text),
        ownerLicensed: about('Whether a licensed group has the owner as a member.', flag),
      },
      ['kekIds'],
    ),
  ),
  Move: about('Data keys that go from one key to another in the background.', object(moveMembers)),
  MoveDetails: about(
    'A move, with the first of the data keys that cannot be moved.',
    object({
      ...moveMembers,
      failures: listOf(
        object({ srvId: text, type: text, assetId: text, generation: count, code: text, at: millis }),
      ),
    }),
  ),
  MovePreview: about(
    'What a plan would move; words such as `platform` are replaced by ids.',
    object({
      account: text,
      kind,
      selection: ref('MoveSelection'),
      target: text,
      total: count,
      counts: listOf(object({ srvId: text, type: text, count })),
    }),
  ),
};
