// Builds the portal, what browsers load, into dist/portal.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import react from '@vitejs/plugin-react';
import { build } from 'vite';

export const PORTAL_DIR = join('dist', 'portal');

/** What a change of makes a build stale. */
const SOURCES = ['portal', 'core', 'package-lock.json', 'scripts/build-portal.ts'];

/** Builds the portal into a folder, which is there as a whole or not at all. What was in there before is gone. */
export async function buildPortal(outDir = PORTAL_DIR): Promise<void> {
  mkdirSync(dirname(outDir), { recursive: true });
  const made = mkdtempSync(`${outDir}-`);
  await inProduction(() => bundlePortal(made));
  compress(join(made, 'assets'));
  rmSync(outDir, { recursive: true, force: true });
  renameSync(made, outDir);
}

/** Test runners set NODE_ENV, for which React would be one for developers, twice as large. */
async function inProduction(run: () => Promise<void>): Promise<void> {
  const { NODE_ENV } = process.env;
  process.env['NODE_ENV'] = 'production';
  try {
    await run();
  } finally {
    if (NODE_ENV === undefined) delete process.env['NODE_ENV'];
    else process.env['NODE_ENV'] = NODE_ENV;
  }
}

async function bundlePortal(outDir: string): Promise<void> {
  await build({
    configFile: false,
    root: 'portal',
    base: '/',
    logLevel: 'warn',
    plugins: [react()],
    // The server puts a fresh one in its place in every answer.
    html: { cspNonce: '__CMK_NONCE__' },
    build: {
      outDir: resolve(outDir),
      emptyOutDir: true,
      target: 'es2023',
      assetsDir: 'assets',
      // A data: URL would need an exception in the content security policy.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      reportCompressedSize: false,
    },
  });
}

/** So that the broker need not compress again and again. */
function compress(dir: string): void {
  for (const file of filesOf(dir)) {
    const bytes = readFileSync(file);
    writeFileSync(`${file}.br`, brotliCompressSync(bytes));
    writeFileSync(`${file}.gz`, gzipSync(bytes));
  }
}

/** Builds it if it was never built, or is older than what it is made of. Who comes meanwhile waits for it. */
export async function buildPortalIfStale(outDir = PORTAL_DIR): Promise<boolean> {
  if (!isStale(outDir)) return false;
  mkdirSync(dirname(outDir), { recursive: true });
  const lock = `${outDir}.lock`;
  while (isStale(outDir)) {
    if (!take(lock)) {
      await setTimeout(200);
      continue;
    }
    try {
      await buildPortal(outDir);
      return true;
    } finally {
      rmSync(lock, { recursive: true, force: true });
    }
  }
  return false;
}

/** Whoever took it so long ago is gone. */
const ABANDONED_MS = 120_000;

function take(lock: string): boolean {
  const takenAt = statSync(lock, { throwIfNoEntry: false })?.mtimeMs;
  if (takenAt !== undefined && Date.now() - takenAt > ABANDONED_MS)
    rmSync(lock, { recursive: true, force: true });
  try {
    mkdirSync(lock);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Whether there is no build, or an older one than what it is made of. */
export function isStale(outDir: string): boolean {
  const index = join(outDir, 'index.html');
  if (!existsSync(index)) return true;
  const builtAt = statSync(index).mtimeMs;
  return SOURCES.flatMap(filesOf).some((file) => statSync(file).mtimeMs > builtAt);
}

function filesOf(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path, { recursive: true, encoding: 'utf8' }).map((name) => join(path, name));
}

/** What browsers would load of a build in all, gzipped, by file, in bytes. */
export function gzippedSizes(outDir = PORTAL_DIR): { file: string; bytes: number }[] {
  return filesOf(outDir)
    .filter((file) => statSync(file).isFile() && !/\.(br|gz)$/.test(file))
    .map((file) => ({ file, bytes: gzipSync(readFileSync(file)).length }));
}
