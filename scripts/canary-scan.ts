import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { leakForms } from '../test/support/canaries.ts';

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
 */
export function scanForKeys(folder: string, marker: Uint8Array): CanaryScan {
  const forms = leakForms(marker);
  const leaks: string[] = [];
  let bytes = 0;
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  );
  for (const entry of files) {
    const path = join(entry.parentPath, entry.name);
    const content = readFileSync(path);
    bytes += content.length;
    for (const { encoding, isIn } of forms) if (isIn(content)) leaks.push(`${path} (${encoding})`);
  }
  return { files: files.length, bytes, leaks };
}
