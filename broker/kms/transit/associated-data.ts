import { encodeContext } from '../../../core/context-encoding.ts';
import type { EncryptionContext } from '../../../core/encryption-context.ts';

/** The context in its one canonical form (docs/format.md, "Header"), as transit's `associated_data`. */
export function associatedData(context: EncryptionContext): Buffer {
  // Its own length comes first there, and would tell nothing here.
  return encodeContext(context).subarray(2);
}

/**
 * What the Base64 of every asset context with these values begins with, for a policy's parameters. The encoding sorts
 * the fields by name, `acct, id, srvId, timestamp, type`, and a policy compares texts from their beginning: it can
 * name the first fields, and no later one alone.
 * @param id also the asset's id; absent: all assets of the account
 */
export function associatedDataPrefix({ acct, id }: { acct: string; id?: string }): string {
  const values = { acct, id: id ?? '', srvId: '', timestamp: '', type: '' };
  const known = id === undefined ? (['acct'] as const) : (['acct', 'id'] as const);
  const next = id === undefined ? 'id' : 'srvId';
  let bytes = 2;
  for (const name of known) bytes += 4 + Buffer.byteLength(name) + Buffer.byteLength(values[name]);
  // The next field's name is known too. It completes the Base64 group that the last value ends in.
  bytes += 2 + Buffer.byteLength(next);
  return associatedData(values)
    .subarray(0, bytes)
    .toString('base64')
    .slice(0, Math.floor((bytes * 8) / 6));
}
