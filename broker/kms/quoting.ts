/** How texts that people typed are written in the languages of set-up documents, so that none breaks out. */

export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

/** How wide an object or a list may be that stands on one line. */
const MAX_INLINE = 90;
const INDENT = '  ';

/**
 * One word of a POSIX shell's command line.
 * @param text without NUL, which no argument can hold
 */
export function shellWord(text: string): string {
  if (text.includes('\0')) throw new RangeError('expected a text without NUL');
  return /^[\w@%+:,./-][\w@%+=:,./-]*$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** A command with its options on lines of their own. @param parts each one or more words, quoted already */
export function shellCommand(...parts: readonly string[]): string {
  return parts.join(' \\\n  ');
}

/** A quoted text in Terraform's language. Neither an interpolation nor a directive begins in it. */
export function hclString(text: string): string {
  return (
    JSON.stringify(text)
      // JSON’s names for two characters that HCL knows by number alone.
      .replace(/\\(.)/g, (pair, name: string) => ({ b: '\\u0008', f: '\\u000c' })[name] ?? pair)
      // Doubling the sign would be ambiguous after another one.
      .replaceAll('${', '\\u0024{')
      .replaceAll('%{', '\\u0025{')
  );
}

/** JSON for people: what is short stands on one line. */
export function formatJson(value: Json): string {
  return layOut(value, { quote: JSON.stringify, colon: ': ' }, '');
}

/**
 * The same value as Terraform's `jsonencode` takes it, spaced as `terraform fmt` does.
 * @param indent of the lines after the first
 */
export function formatHcl(value: Json, indent = ''): string {
  return layOut(value, { quote: hclString, colon: ' : ' }, indent);
}

interface Notation {
  readonly quote: (text: string) => string;
  readonly colon: string;
}

function layOut(value: Json, notation: Notation, indent: string): string {
  const { quote, colon } = notation;
  if (typeof value === 'string') return quote(value);
  if (typeof value !== 'object' || value === null) return String(value);
  const inner = indent + INDENT;
  const items = isList(value)
    ? value.map((item) => layOut(item, notation, inner))
    : Object.entries(value).map(([name, item]) => quote(name) + colon + layOut(item, notation, inner));
  const [open, close] = isList(value) ? ['[', ']'] : ['{', '}'];
  const space = isList(value) ? '' : ' ';
  const inline = `${open}${space}${items.join(', ')}${space}${close}`;
  if (isFlat(value) && inline.length <= MAX_INLINE) return inline;
  return `${open}\n${items.map((item) => inner + item).join(',\n')}\n${indent}${close}`;
}

/** One value, or a list of plain ones. */
function isFlat(value: readonly Json[] | Readonly<Record<string, Json>>): boolean {
  if (isList(value)) return value.every((item) => typeof item !== 'object');
  const values = Object.values(value);
  return (
    values.length <= 1 &&
    values.every((item) => typeof item !== 'object' || (item !== null && isFlat(item as never)))
  );
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
