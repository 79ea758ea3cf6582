import { closeSync, openSync, readSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { leakForms } from '../test/support/canaries.ts';

/** Logs may be longer than the longest string. */
const PIECE_BYTES = 64 * 1024 * 1024;
/** More than the longest form of a marker, so that one on the border of two pieces is whole in one of them. */
const OVERLAP_BYTES = 1024;

/** What a scan saw. */
export interface CanaryScan {
  readonly files: number;
  readonly bytes: number;
  /** `path (encoding)` of each file that holds the marker. */
  readonly leaks: readonly string[];
}

/**
 * Looks for canary keys in every file below a folder.
 * @param marker what each canary key begins and ends with
 * @param pieceBytes how much of a file is looked at together; more than an overlap of 1 KiB
 */
export function scanForKeys(folder: string, marker: Uint8Array, pieceBytes = PIECE_BYTES): CanaryScan {
  const forms = leakForms(marker);
  const leaks = new Set<string>();
  const buffer = Buffer.allocUnsafe(pieceBytes);
  let bytes = 0;
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  for (const entry of files) {
    const path = join(entry.parentPath, entry.name);
    for (const { content, newBytes } of pieces(path, buffer)) {
      bytes += newBytes;
      for (const { encoding, isIn } of forms) if (isIn(content)) leaks.add(`${path} (${encoding})`);
    }
  }
  return { files: files.length, bytes, leaks: [...leaks] };
}

/**
 * A file in pieces that overlap, with how many bytes of each were not in the one before.
 * @param buffer holds the piece until the next one is asked for
 */
function* pieces(path: string, buffer: Buffer): Generator<{ content: Buffer; newBytes: number }> {
  const file = openSync(path, 'r');
  try {
    for (let kept = 0; ;) {
      const read = readSync(file, buffer, kept, buffer.length - kept, null);
      if (read === 0) return;
      const end = kept + read;
      yield { content: buffer.subarray(0, end), newBytes: read };
      kept = Math.min(OVERLAP_BYTES, end);
      buffer.copy(buffer, 0, end - kept, end);
    }
  } finally {
    closeSync(file);
  }
}
