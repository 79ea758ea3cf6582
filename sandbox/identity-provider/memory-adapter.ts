import { LRUCache } from 'lru-cache';
import type { Adapter, AdapterPayload } from 'oidc-provider';

const MAX_ENTRIES = 10_000;

/** What one identity provider remembers until it ends. */
export function memoryAdapters(): (model: string) => Adapter {
  const entries = new LRUCache<string, AdapterPayload>({ max: MAX_ENTRIES });
  return (model) => {
    const keyOf = (id: string) => `${model}:${id}`;
    const find = (id: string) => Promise.resolve(entries.get(keyOf(id)));
    const firstWith = (name: string, value: string) =>
      Promise.resolve(
        [...entries.values()].find((payload) => payload.kind === model && payload[name] === value),
      );
    return {
      find,
      findByUid: (uid) => firstWith('uid', uid),
      findByUserCode: (code) => firstWith('userCode', code),
      upsert(id, payload, expiresIn) {
        entries.set(keyOf(id), { ...payload, kind: model }, expiresIn ? { ttl: expiresIn * 1000 } : {});
        return Promise.resolve();
      },
      async consume(id) {
        const payload = await find(id);
        if (payload) payload.consumed = Math.floor(Date.now() / 1000);
      },
      destroy(id) {
        entries.delete(keyOf(id));
        return Promise.resolve();
      },
      revokeByGrantId(grantId) {
        // Of this model alone: an interaction that is under way names the grant as well, and goes on.
        for (const [key, payload] of [...entries]) {
          if (payload.kind === model && payload.grantId === grantId) entries.delete(key);
        }
        return Promise.resolve();
      },
    };
  };
}
