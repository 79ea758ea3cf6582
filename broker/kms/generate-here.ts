import { DataKey } from '../../core/data-key.ts';
import type { GeneratedDataKey } from './provider.ts';

/**
 * Makes a data key for a KMS that makes none itself, and has it wrapped.
 * @throws what `wrap` throws; the data key is gone then
 */
export async function generateHere(
  wrap: (dataKey: DataKey) => Promise<Uint8Array>,
): Promise<GeneratedDataKey> {
  const dataKey = DataKey.generate();
  try {
    return { dataKey, wrapped: await wrap(dataKey) };
  } catch (error) {
    dataKey[Symbol.dispose]();
    throw error;
  }
}
