import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * Every data key that tests make carries this run's marker at both ends, so that one scan of everything that the
 * processes wrote finds any of them: see scripts/canary-scan.ts. Inside `npm test` the marker comes from there.
 */

/** Bytes of the marker at each end of a canary key; the 8 bytes between are random. */
const MARKER_BYTES = 12;

/** Where tests put logs, scrapes, error texts and databases for the scan. */
export const ARTIFACTS = join('test-output', 'artifacts');
const MARKER_FILE = join('test-output', 'marker');

/** Makes this run's marker. */
export function createMarker(): Buffer {
  const marker = randomBytes(MARKER_BYTES);
  mkdirSync(dirname(MARKER_FILE), { recursive: true });
  writeFileSync(MARKER_FILE, marker);
  return marker;
}

let marker: Buffer | undefined;

/** A data key of 32 bytes that the scan would recognise. */
export function canaryKey(): Buffer {
  return canaryBytes(32);
}

/** Random bytes, at least twice as many as a marker has, that the scan would recognise. */
export function canaryBytes(count: number): Buffer {
  const bytes = randomBytes(count);
  runMarker().copy(bytes);
  runMarker().copy(bytes, count - MARKER_BYTES);
  return bytes;
}

/** This run's marker. */
export function runMarker(): Buffer {
  marker ??= readMarker();
  return marker;
}

function readMarker(): Buffer {
  try {
    return readFileSync(MARKER_FILE);
  } catch {
    // A single test file run by hand, outside `npm test`: nothing scans, any marker will do.
    return randomBytes(MARKER_BYTES);
  }
}

/** One form in which bytes can leak. */
export interface LeakForm {
  readonly encoding: string;
  readonly isIn: (content: Buffer) => boolean;
}

/**
 * What a leaked canary would look like, in part: raw; hex in both cases, also as Node prints a Buffer; base64 and
 * base64url at each of the three alignments that it can have inside a longer text; numbers as JSON and Node print them.
 */
export function leakForms(bytes: Uint8Array): LeakForm[] {
  const raw = Buffer.from(bytes);
  const hex = raw.toString('hex');
  const texts: [string, string][] = [
    ['hex', hex],
    ['HEX', hex.toUpperCase()],
    ['hex with spaces', hex.replace(/..(?!$)/g, '$& ')],
  ];
  for (const shift of [0, 1, 2]) {
    // Characters that depend on the neighbours' bits are cut away.
    const encoded = Buffer.concat([Buffer.alloc(shift), raw])
      .toString('base64')
      .replace(/=+$/, '');
    const inner = encoded.slice(shift === 0 ? 0 : shift + 1, Math.floor(((raw.length + shift) * 8) / 6));
    texts.push([`base64+${shift}`, inner]);
    const url = inner.replaceAll('+', '-').replaceAll('/', '_');
    if (url !== inner) texts.push([`base64url+${shift}`, url]);
  }
  const numbers = new RegExp(`\\b${[...raw].join(',\\s*')}\\b`);
  return [
    { encoding: 'raw', isIn: (content) => content.includes(raw) },
    ...texts.map(([encoding, text]) => ({
      encoding,
      isIn: (content: Buffer) => content.includes(text, 0, 'latin1'),
    })),
    { encoding: 'numbers', isIn: (content) => numbers.test(content.toString('latin1')) },
  ];
}
