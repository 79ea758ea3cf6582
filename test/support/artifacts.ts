import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ARTIFACTS } from './canaries.ts';

/** A folder among what this run leaves for the scan, named after a suite or a test. */
export function artifactFolder(suite: string): string {
  const folder = join(ARTIFACTS, suite.replace(/[^A-Za-z0-9]+/g, '-'));
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** Leaves a process's log and its last scrape for the scan. */
export function keepTraces(suite: string, log: readonly string[], scrape: string): void {
  writeFileSync(join(artifactFolder(suite), `${randomUUID()}.txt`), [...log, scrape].join(''));
}
