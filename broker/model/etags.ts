import { createHash } from 'node:crypto';
import { CmkError } from '../../core/errors.ts';

/**
 * A strong entity tag, `"<version>.<field>-<digest>…"`. The digests tell which fields differ from those that a reader
 * saw, and notice writers that do not count versions (the previous release).
 */
export function etagOf(version: number, fields: Readonly<Record<string, unknown>>): string {
  return `"${[version, ...digestsOf(fields)].join('.')}"`;
}

/** 48 bits each: enough to tell one state from the next. */
function digestsOf(fields: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(fields).map(([name, value]) => {
    const digest = createHash('sha256').update(JSON.stringify(value)).digest('base64url').slice(0, 8);
    return `${name}-${digest}`;
  });
}

/**
 * What an If-Match header asks of what is stored: one of its tags, or with `*` that there is something.
 * @returns null: the header is absent
 * @throws CmkError INVALID_ARGUMENT
 */
export function parseIfMatch(
  header: string | undefined,
): ((what: string, etag: string | null) => void) | null {
  if (header === undefined) return null;
  if (!/^(\*|(W\/)?"[\x21\x23-\x7e]*"( *, *(W\/)?"[\x21\x23-\x7e]*")*)$/.test(header)) {
    throw new CmkError('INVALID_ARGUMENT', 'if-match: expected * or entity tags in quotation marks', {
      metadata: { field: 'if-match' },
    });
  }
  // Weak tags never match: RFC 9110, section 13.1.1.
  const tags = header.split(/ *, */).filter((tag) => !tag.startsWith('W/'));
  return (what, etag) => {
    if (etag !== null && (header === '*' || tags.includes(etag))) return;
    throw stale(what, etag, tags);
  };
}

function stale(what: string, etag: string | null, tags: readonly string[]): CmkError {
  if (etag === null) return new CmkError('STALE_VERSION', `${what} is not there`);
  const [, ...now] = etag.slice(1, -1).split('.');
  const [, ...seen] = (tags.at(-1) ?? '""').slice(1, -1).split('.');
  const names = now.filter((field) => !seen.includes(field)).map((field) => field.split('-')[0]);
  const changed = names.join(', ') || 'something, and back again';
  return new CmkError('STALE_VERSION', `${what} is not as it was seen; changed since: ${changed}`, {
    metadata: { changed: names.join(','), etag },
  });
}
