import { CmkError } from '../../core/errors.ts';

/** Where a page ends, as a text that callers hand back unread. */
export function toCursor(place: readonly string[]): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}

/**
 * @param parts how many texts make a place; each is printable ASCII, or the cursor is none of ours
 * @returns null: no cursor was given
 * @throws CmkError INVALID_ARGUMENT
 */
export function fromCursor(cursor: string | undefined, parts: number): string[] | null {
  if (cursor === undefined) return null;
  const place = parse(Buffer.from(cursor, 'base64url').toString());
  const isPlace =
    Array.isArray(place) &&
    place.length === parts &&
    place.every((part) => typeof part === 'string' && /^[\x21-\x7e]{1,256}$/.test(part));
  if (isPlace) return place as string[];
  throw badCursor();
}

export function badCursor(): CmkError {
  return new CmkError('INVALID_ARGUMENT', 'cursor: expected the next of the page before, got another text', {
    metadata: { field: 'cursor' },
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
