import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { SingleBar } from 'cli-progress';
import { metricIn, scrape } from './scrape.ts';

/** A process's largest resident memory from now until `stop`, in bytes, sampled. */
export function watchMemory(statusUrl: string): { stop(): Promise<number> } {
  let peak = 0;
  const sample = async (): Promise<void> => {
    const metrics = await scrape(statusUrl);
    peak = Math.max(peak, metricIn(metrics, 'process_resident_memory_bytes'));
  };
  let last = sample();
  const timer = setInterval(() => {
    last = sample();
    // A sample that fails shows in `stop`.
    last.catch(() => undefined);
  }, 250);
  return {
    async stop() {
      clearInterval(timer);
      await last;
      await sample();
      return peak;
    },
  };
}

/** Shows a bar for what takes long, on a terminal. */
export async function withProgress<T>(
  what: string,
  totalBytes: number,
  work: (onProgress: (bytes: number) => void) => Promise<T>,
): Promise<T> {
  if (!process.stderr.isTTY || totalBytes < 64 * 1024 * 1024) return work(() => undefined);
  const bar = new SingleBar({
    format: `   ${what} {bar} {percentage}%  {eta} s left`,
    clearOnComplete: true,
  });
  bar.start(totalBytes, 0);
  try {
    return await work((bytes) => bar.update(bytes));
  } finally {
    bar.stop();
  }
}

export async function timed<T>(work: () => Promise<T>): Promise<{ result: T; ms: number }> {
  const start = performance.now();
  const result = await work();
  return { result, ms: performance.now() - start };
}

const digests = new Map<string, Promise<string>>();

/** A file's SHA-256 as hex; a file is read once. */
export function digestOf(path: string): Promise<string> {
  const known = digests.get(path);
  if (known) return known;
  const hash = createHash('sha256');
  const digest = pipeline(createReadStream(path), hash).then(() => hash.digest('hex'));
  digests.set(path, digest);
  return digest;
}
