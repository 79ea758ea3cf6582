import test from 'ava';
import { KMS_CAUSES, KmsError, type KmsCause } from '../../../broker/kms/provider.ts';
import {
  FALLBACK_MODES,
  FAILURE_WISHES,
  KEY_LIFECYCLES,
  LICENCES,
  type Coverage,
  type FailureWish,
  type FallbackMode,
  type KeyLifecycle,
  type Licence,
} from '../../../broker/model/types.ts';
import {
  isWithinLimits,
  nextStep,
  NOTHING_FAILED,
  type Failed,
} from '../../../broker/policy/decide-fallback.ts';
import { aKek, anAccount } from '../../support/stored-facts.ts';

/**
 * What becomes of a new asset: licence × group × asset type × the account's keys × what their KMS answers × fallback ×
 * its limits × what the platform's KMS answers. Lines of the rules, in the words of the documents; the first that fits
 * decides, and `*` fits everything. Sources: the whitepaper's "Fallback control" and "Key access restrictions"; `Flows`
 * of the design.
 *
 * `key in use`: verified, and neither replaced by a newer one nor retired; the newest of them is meant.
 * `its KMS`: works; outage; refuses: the customer disabled, denied or deleted the key; one asset: what was asked for this
 * asset was not answered with anything that tells of the key.
 * `limits` of the fallback: hours and assets of one episode.
 */
const RULES = `
licence  in group  enrolled  key in use  its KMS    fallback  limits   platform KMS   outcome
# Not covered: the platform's key, and nobody falls back from that.
NONE     *         *         *           *          *         *        works          PLATFORM_KEY: NO_LICENCE
NONE     *         *         *           *          *         *        fails          not stored
GROUPS   no        *         *           *          *         *        works          PLATFORM_KEY: OWNER_NOT_LICENSED
GROUPS   no        *         *           *          *         *        fails          not stored
*        *         no        *           *          *         *        works          PLATFORM_KEY: TYPE_NOT_ENROLLED
*        *         no        *           *          *         *        fails          not stored
*        *         *         no          *          *         *        works          PLATFORM_KEY: NO_KEY
*        *         *         no          *          *         *        fails          not stored
# Covered: the customer's key, whatever is wanted for other times.
*        *         *         yes         works      *         *        *              CUSTOMER_KEY: OWNER_COVERED
# It cannot wrap: nothing is stored unless the account switched fallback on.
*        *         *         yes         *          OFF       *        *              not stored: FALLBACK_OFF
*        *         *         yes         one asset  *         *        *              not stored: NOT_ABOUT_THE_KEY
*        *         *         yes         refuses    OUTAGE    *        *              not stored: CUSTOMER_REFUSED
# It may fall back: "for any reason", or in an outage. With neither key nothing is stored.
*        *         *         yes         *          *         *        fails          not stored: PLATFORM_KEY_FAILED
*        *         *         yes         *          *         reached  works          not stored: LIMITS_REACHED
*        *         *         yes         *          *         left     works          FALLBACK_KEY: FALLBACK
`;

const IN_USE: Readonly<Record<KeyLifecycle, boolean>> = {
  PENDING: false,
  STANDBY: true,
  ACTIVE: true,
  DECRYPT_ONLY: false,
  RETIRED: false,
};

/** Every list of up to two keys, newest first. */
const KEY_LISTS: readonly (readonly KeyLifecycle[])[] = [
  [],
  ...KEY_LIFECYCLES.map((one) => [one]),
  ...KEY_LIFECYCLES.flatMap((newer) => KEY_LIFECYCLES.map((older) => [newer, older])),
];

/** What each answer of a KMS is. */
const ANSWERS: Readonly<Record<KmsCause | 'OK', string>> = {
  OK: 'works',
  AUTH_FAILED: 'outage',
  PERMISSION_REVOKED: 'refuses',
  KEY_DISABLED: 'refuses',
  KEY_PENDING_DELETION: 'refuses',
  KEY_NOT_FOUND: 'refuses',
  CONTEXT_MISMATCH: 'one asset',
  THROTTLED: 'outage',
  UNREACHABLE: 'outage',
  INVALID_RESPONSE: 'outage',
  ACCOUNT_ISSUE: 'outage',
};

const HOUR_MS = 3_600_000;
const NOW = 1_700_000_000_000;

interface Limits {
  readonly maxHours: number | null;
  readonly maxAssets: number | null;
  /** Of the episode that lasts, and its data keys so far; null: there is none. */
  readonly episode: { readonly ageMs: number; readonly assets: number } | null;
  readonly are: 'left' | 'reached';
}

const LIMITS: Readonly<Record<string, Limits>> = {
  'no limits, no episode': { maxHours: null, maxAssets: null, episode: null, are: 'left' },
  'no limits, a long episode': {
    maxHours: null,
    maxAssets: null,
    episode: { ageMs: 1e10, assets: 1e6 },
    are: 'left',
  },
  'limits, no episode': { maxHours: 1, maxAssets: 1, episode: null, are: 'left' },
  'the last asset': { maxHours: null, maxAssets: 5, episode: { ageMs: 1e10, assets: 4 }, are: 'left' },
  'no asset left': { maxHours: null, maxAssets: 5, episode: { ageMs: 0, assets: 5 }, are: 'reached' },
  'the last millisecond': {
    maxHours: 2,
    maxAssets: null,
    episode: { ageMs: 2 * HOUR_MS - 1, assets: 1e6 },
    are: 'left',
  },
  'no time left': {
    maxHours: 2,
    maxAssets: null,
    episode: { ageMs: 2 * HOUR_MS, assets: 1 },
    are: 'reached',
  },
  'time but no asset left': { maxHours: 2, maxAssets: 5, episode: { ageMs: 1, assets: 5 }, are: 'reached' },
  'an asset but no time left': {
    maxHours: 2,
    maxAssets: 5,
    episode: { ageMs: 1e10, assets: 1 },
    are: 'reached',
  },
};

interface Owner {
  readonly licence: Licence;
  readonly inGroup: boolean;
  readonly enrolled: boolean;
  readonly keys: readonly KeyLifecycle[];
}

interface Circumstances {
  readonly answer: KmsCause | 'OK';
  readonly mode: FallbackMode;
  readonly limits: Limits;
  readonly platformAnswer: KmsCause | 'OK';
  readonly wish: FailureWish;
}

const PLATFORM = aKek({ id: 'platform', account: null });
const yesNo = (fact: boolean) => (fact ? 'yes' : 'no');

const [, ...LINES] = RULES.trim()
  .split('\n')
  .filter((line) => !line.startsWith('#'))
  .map((line) => line.split(/ {2,}/));
const decisive = new Set<readonly string[]>();

/** What the rules say: the outcome, and under which key. */
function ruled({ licence, inGroup, enrolled, keys }: Owner, circumstances: Circumstances): string {
  const { answer, mode, limits, platformAnswer, wish } = circumstances;
  const inUse = keys.findIndex((key) => IN_USE[key]);
  const platform = platformAnswer === 'OK' ? 'works' : 'fails';
  const facts = [
    licence,
    yesNo(inGroup),
    yesNo(enrolled),
    yesNo(inUse >= 0),
    ANSWERS[answer],
    mode,
    limits.are,
    platform,
  ];
  const line = LINES.find((cells) =>
    facts.every((fact, index) => cells[index] === '*' || cells[index] === fact),
  );
  const outcome = line?.[8];
  if (!line || outcome === undefined) throw new Error(`no rule fits ${facts.join(', ')}`);
  decisive.add(line);
  if (outcome === 'not stored') return `${outcome}, as the platform's KMS failed`;
  if (outcome.startsWith('not stored')) return `${outcome}, ${wish}, as the customer's KMS failed`;
  if (outcome.startsWith('FALLBACK_KEY'))
    return `${outcome}: ${KMS_CAUSES[answer as KmsCause].code} under platform`;
  return `${outcome} under ${outcome.startsWith('CUSTOMER_KEY') ? `key-${inUse}` : 'platform'}`;
}

/** What the broker does, as `MakeDataKey` does it: one step after the other, until one comes through. */
function done({ licence, inGroup, enrolled, keys }: Owner, circumstances: Circumstances): string {
  const { answer, mode, limits, platformAnswer, wish } = circumstances;
  const fallback = { mode, maxHours: limits.maxHours, maxAssets: limits.maxAssets };
  const coverage: Coverage = {
    account: { ...anAccount(), licence },
    ownerInLicensedGroup: inGroup,
    enrolled,
    fallback,
    onFailure: wish,
    keks: keys.map((lifecycle, index) => ({ ...KEK, id: `key-${index}`, lifecycle })),
  };
  let failed: Failed = NOTHING_FAILED;
  let whose = '';
  for (let tries = 0; tries <= 2; tries++) {
    const step = nextStep(coverage, PLATFORM, failed);
    if (step.kind === 'NOT_STORED') {
      const { fallback: why, on_failure: wanted } = step.metadata;
      return `not stored${why ? `: ${why}, ${wanted ?? ''}` : ''}, as the ${whose}'s KMS failed`;
    }
    const cause = step.kek === PLATFORM ? platformAnswer : answer;
    const { ageMs, assets } = limits.episode ?? { ageMs: 0, assets: 0 };
    const isCounted = step.inPlaceOf !== null;
    if (
      cause === 'OK' &&
      !(isCounted && !isWithinLimits(fallback, { startedAt: NOW - ageMs, assets }, NOW))
    ) {
      return `${step.protection}: ${step.reason} under ${step.kek.id}`;
    }
    if (isCounted) failed = { ...failed, standIn: cause === 'OK' ? 'LIMITS_REACHED' : 'PLATFORM_KEY_FAILED' };
    else {
      whose = step.kek === PLATFORM ? 'platform' : 'customer';
      failed = { chosen: ERRORS[cause as KmsCause], standIn: null };
    }
  }
  return 'no end';
}

const KEK = aKek();
const CAUSES = Object.keys(KMS_CAUSES) as KmsCause[];
const ERRORS = Object.fromEntries(CAUSES.map((cause) => [cause, new KmsError(cause, 'failed')])) as Record<
  KmsCause,
  KmsError
>;

const CIRCUMSTANCES: readonly (readonly [name: string, Circumstances])[] = (
  ['OK', ...CAUSES] as const
).flatMap((answer) =>
  FALLBACK_MODES.flatMap((mode) =>
    Object.entries(LIMITS).flatMap(([name, limits]) =>
      (['OK', 'UNREACHABLE'] as const).flatMap((platformAnswer) =>
        FAILURE_WISHES.map((wish) => {
          const words = [`KMS ${answer}`, `fallback ${mode}`, name, `platform's KMS ${platformAnswer}`, wish];
          return [words.join(' · '), { answer, mode, limits, platformAnswer, wish }] as const;
        }),
      ),
    ),
  ),
);

let rows = 0;
for (const licence of LICENCES) {
  for (const inGroup of [true, false]) {
    for (const enrolled of [true, false]) {
      for (const keys of KEY_LISTS) {
        const words = [
          `licence ${licence}`,
          inGroup ? 'in a licensed group' : 'in none',
          enrolled ? 'type enrolled' : 'type not enrolled',
          `keys ${keys.join(', ') || 'none'}`,
        ];
        test(words.join(' · '), (t) => {
          const owner = { licence, inGroup, enrolled, keys };
          const wrong = CIRCUMSTANCES.flatMap(([name, each]) => {
            const [expected, actual] = [ruled(owner, each), done(owner, each)];
            return expected === actual ? [] : [`${name}: expected ${expected}, got ${actual}`];
          });
          rows += CIRCUMSTANCES.length;
          t.deepEqual(wrong, []);
        });
      }
    }
  }
}

test.after.always('the table is whole, and every rule decides something', (t) => {
  t.is(rows, 3 * 2 * 2 * (1 + 5 + 25) * (11 * 3 * 9 * 2 * 2));
  t.deepEqual(
    LINES.filter((line) => !decisive.has(line)),
    [],
  );
});
