import { ERROR_CODES, isErrorCode } from '../../../core/errors.ts';
import { printable } from '../io.ts';

/** How answers look to people. Whatever comes from the API is made safe to print here. */

/**
 * Columns that stand under each other.
 * @param none what it says when there are no rows
 */
export function table(head: readonly string[], rows: readonly (readonly string[])[], none: string): string {
  if (rows.length === 0) return `${none}\n`;
  const cells = [head.map((name) => name.toUpperCase()), ...rows.map((row) => row.map(printable))];
  const widths = head.map((_, column) => Math.max(...cells.map((row) => widthOf(row[column]))));
  const line = (row: readonly string[]) =>
    row.map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - widthOf(cell))).join('  ');
  return cells.map((row) => `${line(row).trimEnd()}\n`).join('');
}

/** Names and values, one a line. */
export function fields(rows: readonly (readonly [name: string, value: string])[]): string {
  const width = Math.max(...rows.map(([name]) => widthOf(name)));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${printable(value)}\n`).join('');
}

function widthOf(cell = ''): number {
  return Array.from(cell).length;
}

/** Values in words; one that a newer broker knows stays as it is. */
export function inWords(words: Readonly<Record<string, string>>, value: string): string {
  return Object.hasOwn(words, value) ? (words[value] ?? value) : value;
}

/** @param ms UNIX milliseconds; null: `never`, or what is said instead */
export function time(ms: number | null, otherwise = 'never'): string {
  return ms === null ? otherwise : new Date(ms).toISOString();
}

/** @param seconds UNIX seconds */
export function timeOfSeconds(seconds: number): string {
  return time(seconds * 1_000);
}

/** An error code with what it means and what to do. */
export function causeInWords(code: string): string {
  return isErrorCode(code) ? `${code}. ${ERROR_CODES[code].meaning}` : code;
}

/** e.g. `1 asset`, `3 assets`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
