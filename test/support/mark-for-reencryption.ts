import type { DataKeyRecord } from '../../broker/model/types.ts';
import { uuidv7 } from '../../broker/model/uuid.ts';
import type { Store } from '../../broker/store/store.ts';
import { anAuditEvent } from './stored-facts.ts';

/** What a recovery from fallback leaves: data keys under the customer's key, marked since `nowMs`. */
export async function markForReencryption(
  store: Store,
  records: readonly DataKeyRecord[],
  nowMs: number,
): Promise<void> {
  // So late that no broker takes the move on.
  const dueMs = nowMs + 1_000_000_000;
  for (const record of records) {
    const { account } = record.asset;
    const id = uuidv7(nowMs);
    const plan = { account, kind: 'RECOVER', selection: { kekIds: [] }, target: record.kekId } as const;
    await store.moves.start({ ...plan, id, startedAt: dueMs }, () => anAuditEvent({ account }));
    const claimed = await store.moves.claim(dueMs, dueMs + 1_000);
    if (!claimed) throw new Error('nothing to claim');
    const claim = { id, claim: claimed.claim };
    const batch = {
      target: { kekId: record.kekId, protection: 'CUSTOMER_KEY' },
      rewrapped: [{ record, wrapped: record.wrapped }],
      failures: [],
      reencrypt: true,
      nowMs,
      untilMs: dueMs + 1_000,
    } as const;
    await store.moves.commit(claim, batch, () => anAuditEvent({ account }));
    await store.moves.finish(claim, nowMs, () => ({ audit: anAuditEvent({ account }), alerts: [] }));
  }
}
