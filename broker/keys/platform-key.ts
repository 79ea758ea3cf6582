import { isDeepStrictEqual } from 'node:util';
import { CmkError } from '../../core/errors.ts';
import type { Kek, ProviderName } from '../model/types.ts';
import type { Store } from '../store/store.ts';
import type { EnrolKey } from './enrol-key.ts';

/**
 * The platform key that the settings name: the stored one, or verified and stored now. When two brokers start at
 * once, both end with the same.
 * @throws CmkError CONFIG_INVALID when the key does not pass its verification, or was stored with other replicas;
 *   STORE_UNAVAILABLE
 */
export async function ensurePlatformKey(
  { store, enrolKey }: { store: Pick<Store, 'listKeks'>; enrolKey: EnrolKey },
  provider: ProviderName,
  references: readonly string[],
): Promise<Kek> {
  const find = async () => {
    const keks = await store.listKeks(null);
    return keks.find((kek) => kek.references[0] === references[0]);
  };
  // What was verified once needs no KMS to start again.
  const stored = await find();
  if (stored) return withTheseReplicas(stored, references);
  try {
    const enrolment = await enrolKey.run('broker', null, { provider, references });
    if (enrolment.ok) return enrolment.kek;
    const failed = enrolment.steps.find(({ outcome }) => outcome === 'FAILED');
    const text = `CMK_PLATFORM_KEY: ${failed?.step ?? 'verification'} failed: ${failed?.detail ?? enrolment.error.message}`;
    throw new CmkError('CONFIG_INVALID', text, { cause: enrolment.error });
  } catch (error) {
    const overtaken = error instanceof CmkError && error.code === 'CONFLICT' ? await find() : null;
    if (overtaken) return overtaken;
    throw error;
  }
}

/** Replicas are verified when the key is stored; a change of the setting alone must not look as if it had an effect. */
function withTheseReplicas(stored: Kek, references: readonly string[]): Kek {
  if (isDeepStrictEqual([...stored.references], [...references])) return stored;
  const expected = `expected the references that the key was stored with, ${stored.references.join(',')}`;
  throw new CmkError('CONFIG_INVALID', `CMK_PLATFORM_KEY: ${expected}, got ${references.join(',')}`);
}
