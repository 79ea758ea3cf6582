import { encodeContext } from '../../core/context-encoding.ts';
import type { EncryptionContext } from '../../core/encryption-context.ts';

/** The context in its one canonical form (docs/format.md, "Header"), for KMSs that bind bytes to what they encrypt. */
export function associatedData(context: EncryptionContext): Buffer {
  // Its own length comes first there, and would tell nothing here.
  return encodeContext(context).subarray(2);
}
