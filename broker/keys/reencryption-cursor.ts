import type { DataKeyRecord } from '../model/types.ts';
import type { ReencryptionPlace } from '../store/store.ts';

/** Where a page of {@link Reencryption} ends, as a text that callers hand back unread. */
export function toCursor({ asset, reencryptSince, generation }: DataKeyRecord): string {
  const place = [reencryptSince ?? 0, asset.account, asset.type, asset.id, generation];
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}

/** @returns undefined for a text that no page ended with */
export function fromCursor(text: string): ReencryptionPlace | undefined {
  const place = parse(Buffer.from(text, 'base64url').toString());
  if (!Array.isArray(place) || place.length !== 5) return undefined;
  const [since, account, type, assetId, generation] = place as unknown[];
  if (!Number.isSafeInteger(since) || !Number.isSafeInteger(generation)) return undefined;
  if (typeof account !== 'string' || typeof type !== 'string' || typeof assetId !== 'string')
    return undefined;
  // A text with NUL is more than PostgreSQL takes.
  if ([account, type, assetId].some((each) => each.includes('\0'))) return undefined;
  return { since: since as number, account, type, assetId, generation: generation as number };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
