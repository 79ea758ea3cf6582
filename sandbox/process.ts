import { randomInt } from 'node:crypto';
import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream, readFileSync } from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Whoever ends before is noticed at once. */
const READY_WITHIN_MS = 60_000;

/** One program of the sandbox, as a process of its own. */
export interface ManagedProcess {
  readonly name: string;
  readonly pid: number;
  /** Everything it printed. */
  readonly logPath: string;
  /** Fulfils when it has ended, with its exit code; null: a signal ended it. */
  readonly ended: Promise<number | null>;
  /** SIGTERM, and SIGKILL when it has not ended after `graceMs`. */
  stop(graceMs?: number): Promise<void>;
  /** SIGKILL, as a crash. */
  kill(): Promise<void>;
}

export interface ProcessOptions {
  readonly name: string;
  /** The program and its arguments, after the node binary. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly logPath: string;
  /** The folder it runs in; default: this process's. */
  readonly cwd?: string;
  /** What stands for the names in its `/etc/hosts`, as it is at each look-up; default: the machine's own. Needs root. */
  readonly hostsFile?: string;
}

/** Starts a program with this process's node. Its environment is `env` and what finds and caches programs, nothing else. */
function startProcess(options: ProcessOptions): ManagedProcess {
  const log = createWriteStream(options.logPath, { flags: 'a' });
  const [command, ...args] = commandOf(options);
  const child = spawn(command, args, {
    env: { ...inherited(), ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  const ended = once(child, 'close').then(([code]) => {
    log.end();
    return code as number | null;
  });
  if (child.pid === undefined) throw new Error(`${options.name} did not start`);
  return {
    name: options.name,
    pid: child.pid,
    logPath: options.logPath,
    ended,
    stop: (graceMs = 10_000) => end(child, ended, 'SIGTERM', graceMs),
    kill: () => end(child, ended, 'SIGKILL', 10_000),
  };
}

function commandOf({ args, hostsFile }: ProcessOptions): [string, ...string[]] {
  if (hostsFile === undefined) return [process.execPath, ...args];
  // In a mount namespace of its own, so that nobody else sees that file. Each becomes the next: signals arrive.
  const script = 'mount --bind "$0" /etc/hosts && exec "$@"';
  return ['unshare', '--mount', 'sh', '-c', script, hostsFile, process.execPath, ...args];
}

/** What finds programs and makes them start faster. */
export function inherited(): Record<string, string> {
  const names = ['PATH', 'NODE_OPTIONS', 'NODE_COMPILE_CACHE'];
  return Object.fromEntries(names.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
}

async function end(
  child: ChildProcess,
  ended: Promise<unknown>,
  signal: NodeJS.Signals,
  graceMs: number,
): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) {
    await ended;
    return;
  }
  child.kill(signal);
  const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
  await ended;
  clearTimeout(timer);
}

/**
 * Starts a program and waits until `ready` fulfils with true.
 * @throws Error with the end of the process's log when it ended first or was not ready in time; it is stopped then
 */
export async function launch(
  options: ProcessOptions,
  ready: () => Promise<boolean>,
): Promise<ManagedProcess> {
  const child = startProcess(options);
  const deadline = performance.now() + READY_WITHIN_MS;
  let running = true as boolean;
  void child.ended.then(() => (running = false));
  while (running && performance.now() < deadline) {
    if (await ready().catch(() => false)) return child;
    await sleep(20);
  }
  const why = running ? `was not ready after ${READY_WITHIN_MS} ms` : 'ended';
  await child.kill();
  const tail = readFileSync(child.logPath, 'utf8').split('\n').slice(-15).join('\n');
  throw new Error(`${child.name} ${why}; the end of ${child.logPath}:\n${tail}`);
}

/** Whether an HTTP address answers with 200. */
export async function answersOk(url: string): Promise<boolean> {
  const response = await fetch(url, { signal: AbortSignal.timeout(1_000) });
  await response.body?.cancel();
  return response.ok;
}

/**
 * A TCP port of the loopback address that was free a moment ago. None of those that systems hand out by themselves (Linux
 * from 32768): another process's next connection could be given it before whoever it is for listens.
 */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 100; tries++) {
    const port = randomInt(15_000, 32_000);
    if (await isFree(port)) return port;
  }
  throw new Error('no free port');
}

function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
