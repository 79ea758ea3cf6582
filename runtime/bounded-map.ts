import { LRUCache } from 'lru-cache';

/**
 * A map of so many entries at the most: the one that was used least recently makes room for a new one. It takes memory
 * for what is in it, where the library by itself sets aside memory for all that may be.
 * @param max from 1
 */
export function boundedMap<V extends object>(max: number, dispose?: (value: V) => void): LRUCache<string, V> {
  return new LRUCache<string, V>({
    maxSize: max,
    sizeCalculation: () => 1,
    ...(dispose && { dispose: (value) => dispose(value) }),
  });
}
