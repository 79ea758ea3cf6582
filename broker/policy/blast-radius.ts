import type { KeyStatusRecord } from '../model/key-status.ts';
import type { FallbackMode, Kek } from '../model/types.ts';

/** A key or replica, and whether others open what it opens. */
export interface ReferenceRadius {
  readonly reference: string;
  readonly decrypt: KeyStatusRecord['status'];
  /** Whether another reference of the key is not known to fail: then nothing becomes unreadable without this one. */
  readonly othersOpen: boolean;
}

/** What depends on each single reference. */
export function referenceRadius(kek: Kek, statuses: readonly KeyStatusRecord[]): ReferenceRadius[] {
  const decrypt = (reference: string) =>
    statuses.find((each) => each.reference === reference && each.use === 'DECRYPT')?.status ?? 'UNKNOWN';
  return kek.references.map((reference) => ({
    reference,
    decrypt: decrypt(reference),
    othersOpen: kek.references.some((other) => other !== reference && decrypt(other) !== 'FAILED'),
  }));
}

/**
 * What becomes of new data when a key dies: another key of the account protects it anyway; the platform key does, in
 * each case or in outages alone; or it is refused.
 */
export type NewData = 'UNAFFECTED' | 'FALLBACK' | 'FALLBACK_IN_OUTAGES' | 'REFUSED';

const WITHOUT_KEY: Readonly<Record<FallbackMode, NewData>> = {
  OFF: 'REFUSED',
  OUTAGE: 'FALLBACK_IN_OUTAGES',
  ANY: 'FALLBACK',
};

/** @param keks the account's, newest first */
export function newDataWithout(kek: Pick<Kek, 'id'>, keks: readonly Kek[], fallback: FallbackMode): NewData {
  const used = keks.find(({ lifecycle }) => lifecycle === 'STANDBY' || lifecycle === 'ACTIVE');
  return used?.id === kek.id ? WITHOUT_KEY[fallback] : 'UNAFFECTED';
}
