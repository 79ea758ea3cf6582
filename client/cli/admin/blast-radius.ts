import { at, type Desk } from './desk.ts';
import { STATUS_WORDS, type Key } from './key-view.ts';
import { count, inWords, table } from './text.ts';

/** What hangs on a key, as the API counts it. */
export interface BlastRadius {
  readonly dataKeys: number;
  readonly assets: number;
  readonly types: readonly {
    readonly srvId: string;
    readonly type: string;
    readonly dataKeys: number;
    readonly assets: number;
  }[];
  readonly references: readonly {
    readonly reference: string;
    readonly decrypt: string;
    readonly othersOpen: boolean;
  }[];
  readonly leasesEndInMs: number | null;
  readonly leaseMs: number;
  readonly newData: string;
  readonly newDataIfRetired: string;
}

const WITHOUT_KEY = {
  UNAFFECTED: 'not affected',
  FALLBACK: 'under the provider’s key, as the account’s fallback says',
  FALLBACK_IN_OUTAGES: 'refused, but for outages: then under the provider’s key',
  REFUSED: 'refused, as no other key of the account takes them',
};
const IF_RETIRED = {
  UNAFFECTED: 'not affected',
  PLATFORM_KEY: 'under the provider’s key from now on, as no other key of the account takes them',
};

export async function blastRadiusOf(desk: Desk, account: string, { id }: Key): Promise<BlastRadius> {
  const path = at`/v1/accounts/${account}/keys/${id}/blast-radius`;
  return (await desk.get<{ blastRadius: BlastRadius }>(path)).blastRadius;
}

/** @param isRetired whether it is about retiring the key, not about its death in the KMS */
export function radiusInText(key: Key, radius: BlastRadius, isRetired = false): string {
  const { assets, dataKeys, types, references, leaseMs } = radius;
  const perType = types.map((each) => [each.srvId, each.type, String(each.assets), String(each.dataKeys)]);
  const perReference = references.map(({ reference, decrypt, othersOpen }) => [
    inWords(STATUS_WORDS, decrypt),
    othersOpen ? 'another opens the same' : 'no other opens the same',
    reference,
  ]);
  const newAssets = isRetired
    ? inWords(IF_RETIRED, radius.newDataIfRetired)
    : inWords(WITHOUT_KEY, radius.newData);
  return `Blast radius of key ${key.id}: ${count(assets, 'asset')}, ${count(dataKeys, 'data key')}
${table(['service', 'asset type', 'assets', 'data keys'], perType, 'It protects nothing.')}
${table(['opens', 'without it', 'reference'], perReference, 'no references')}
New assets: ${newAssets}.
What is open now may stay so for ${Math.ceil(leaseMs / 1_000)} s at the most, unless it is revoked.
`;
}
