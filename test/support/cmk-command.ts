import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { buffer, text } from 'node:stream/consumers';
import { inherited } from '../../sandbox/process.ts';

export interface CommandResult {
  /** null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

const MAIN = 'client/cli/main.ts';

/** Starts `cmk` as a process of its own, all three standard streams as pipes. */
export function startCmk(
  args: readonly string[],
  env: Record<string, string> = {},
  nodeArgs: readonly string[] = [],
): ChildProcessWithoutNullStreams {
  const child = spawn(process.execPath, [...nodeArgs, MAIN, ...args], {
    env: { ...inherited(), ...env },
  });
  // A command that ended leaves nobody to read what is still to be written.
  child.stdin.on('error', () => undefined);
  return child;
}

/** Runs `cmk` to its end. */
export async function cmk(
  args: readonly string[],
  { env = {}, input = Buffer.alloc(0) }: { env?: Record<string, string>; input?: Uint8Array } = {},
): Promise<CommandResult> {
  const child = startCmk(args, env);
  child.stdin.end(input);
  return resultOf(child);
}

/** What a command that runs comes to. */
export async function resultOf(child: ChildProcessWithoutNullStreams): Promise<CommandResult> {
  const [stdout, stderr, [code, signal]] = await Promise.all([
    buffer(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>,
  ]);
  return { code, signal, stdout, stderr };
}
