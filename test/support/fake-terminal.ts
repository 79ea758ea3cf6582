import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { run } from '../../client/cli/program.ts';
import type { Io } from '../../client/cli/io.ts';

export interface Terminals {
  readonly stdin?: boolean;
  readonly stdout?: boolean;
  readonly stderr?: boolean;
}

export interface RunResult {
  readonly code: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/**
 * Runs a `cmk` command line in this process, with terminals where a test wants them.
 * @param options.input what is typed; what an iterable does before it yields happens while the command waits
 */
export async function runCmk(
  args: readonly string[],
  {
    terminals = {},
    env = {},
    input = Buffer.alloc(0),
  }: { terminals?: Terminals; env?: NodeJS.ProcessEnv; input?: Uint8Array | AsyncIterable<Uint8Array> } = {},
): Promise<RunResult> {
  const stdout = Object.assign(new PassThrough(), { isTTY: terminals.stdout ?? false });
  // The size that cli-progress asks a terminal for.
  const stderr = Object.assign(new PassThrough(), {
    isTTY: terminals.stderr ?? false,
    columns: 100,
    rows: 30,
  });
  const typed = input instanceof Uint8Array ? [input] : input;
  const stdin = Object.assign(Readable.from(typed), { isTTY: terminals.stdin ?? false });
  const io: Io = { stdin, stdout, stderr, env, signal: new AbortController().signal };
  const output = Promise.all([buffer(stdout), buffer(stderr)]);
  const code = await run(args, io);
  stdout.end();
  stderr.end();
  const [out, err] = await output;
  return { code, stdout: out, stderr: err.toString() };
}
