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
}

export async function blastRadiusOf(desk: Desk, account: string, { id }: Key): Promise<BlastRadius> {
  const path = at`/v1/accounts/${account}/keys/${id}/blast-radius`;
  return (await desk.get<{ blastRadius: BlastRadius }>(path)).blastRadius;
}

export function radiusInText(key: Key, radius: BlastRadius): string {
  const { assets, dataKeys, types, references, leaseMs, newData } = radius;
  const perType = types.map((each) => [each.srvId, each.type, String(each.assets), String(each.dataKeys)]);
  const perReference = references.map(({ reference, decrypt, othersOpen }) => [
    inWords(STATUS_WORDS, decrypt),
    othersOpen ? 'another opens the same' : 'no other opens the same',
    reference,
  ]);
  const refused = newData === 'REFUSED';
  return `Blast radius of key ${key.id}: ${count(assets, 'asset')}, ${count(dataKeys, 'data key')}
${table(['service', 'asset type', 'assets', 'data keys'], perType, 'It protects nothing.')}
${table(['opens', 'without it', 'reference'], perReference, 'no references')}
New assets: ${refused ? 'refused, as no other key of the account takes them' : 'not affected'}.
What is open now may stay so for ${Math.ceil(leaseMs / 1_000)} s at the most, unless it is revoked.
`;
}
