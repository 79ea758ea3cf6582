import type { StreamStarted } from '../../proto/types/cmk/v1/StreamStarted.ts';
import type { KeyLease } from '../key-lease.ts';

/** A stream's first answer. */
export function startedMessage({ facts }: KeyLease): { started: StreamStarted } {
  const { dataKeyId, protection, keyInUse } = facts;
  return { started: { dataKeyId, protection, keyInUse } };
}
