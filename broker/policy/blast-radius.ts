import type { KeyStatusRecord } from '../model/key-status.ts';
import { keysInUse } from '../model/keys-in-use.ts';
import type { Account, FallbackPolicy, Kek } from '../model/types.ts';

/** A key or replica, and whether others open what it opens. */
export interface ReferenceRadius {
  readonly reference: string;
  readonly decrypt: KeyStatusRecord['status'];
  /** Whether another reference of the key is known to open: then nothing becomes unreadable without this one. */
  readonly othersOpen: boolean;
}

const OPENS: ReadonlySet<KeyStatusRecord['status']> = new Set(['OK', 'DEGRADED']);

/** What depends on each single reference. */
export function referenceRadius(kek: Kek, statuses: readonly KeyStatusRecord[]): ReferenceRadius[] {
  const decrypt = (reference: string) =>
    statuses.find((each) => each.reference === reference && each.use === 'DECRYPT')?.status ?? 'UNKNOWN';
  return kek.references.map((reference) => ({
    reference,
    decrypt: decrypt(reference),
    // What was never seen to open is nothing to rely on.
    othersOpen: kek.references.some((other) => other !== reference && OPENS.has(decrypt(other))),
  }));
}

/**
 * What becomes of new data when a key dies: another key of the account protects it anyway; the platform key does, in
 * each case or in outages alone; or it is refused.
 */
export type NewData = 'UNAFFECTED' | 'FALLBACK' | 'FALLBACK_IN_OUTAGES' | 'REFUSED';

/** Of a mode that this release does not know: nothing stands in. */
const WITHOUT_KEY: Readonly<Partial<Record<FallbackPolicy['mode'], NewData>>> = {
  OFF: 'REFUSED',
  OUTAGE: 'FALLBACK_IN_OUTAGES',
  ANY: 'FALLBACK',
};

/** What decides about an account's new data. */
export interface NewDataFacts {
  /** The account's, newest first. */
  readonly keks: readonly Pick<Kek, 'id' | 'lifecycle'>[];
  readonly licence: Account['licence'];
  readonly fallback: FallbackPolicy['mode'];
}

export function newDataWithout(kek: Pick<Kek, 'id'>, { keks, licence, fallback }: NewDataFacts): NewData {
  const [used] = keysInUse(keks);
  return used?.id === kek.id && licence !== 'NONE' ? (WITHOUT_KEY[fallback] ?? 'REFUSED') : 'UNAFFECTED';
}

/**
 * What becomes of new data when a key is retired: an older key in use takes over; or, of an account with a licence that
 * has none, the platform key protects it from then on.
 */
export type NewDataIfRetired = 'UNAFFECTED' | 'PLATFORM_KEY';

export function newDataIfRetired(
  kek: Pick<Kek, 'id'>,
  { keks, licence }: Pick<NewDataFacts, 'keks' | 'licence'>,
): NewDataIfRetired {
  const [used, next] = keysInUse(keks);
  return used?.id === kek.id && !next && licence !== 'NONE' ? 'PLATFORM_KEY' : 'UNAFFECTED';
}
