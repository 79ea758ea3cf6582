import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { artifactFolder } from './artifacts.ts';

/** How a run of `npm start` ended, and what it told. */
export interface StoryRun {
  readonly status: number | null;
  readonly out: string;
  readonly errors: string;
}

/** Runs `npm start -- ARGS`; what it prints is kept for the scan after the suite. @param dir for temporary files */
export async function runStory(
  { dir, name }: { dir: string; name: string },
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<StoryRun> {
  const child = spawn(process.execPath, ['sandbox/start.ts', ...args], {
    env: { ...process.env, TMPDIR: dir, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const status = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [out, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
  writeFileSync(join(artifactFolder('story'), `${name}.txt`), out + errors);
  return { status: await status, out, errors };
}
