import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { answersOk, freePort, launch, type ManagedProcess, type ProcessOptions } from './process.ts';
import { SIDECAR_NODE_FLAGS } from '../sidecar/node-flags.ts';

/** Longer than the grace period and what comes after it. */
const STOP_WITHIN_MS = 40_000;

/** A program that can crash and come back. */
export interface RestartableProcess {
  readonly statusUrl: string;
  readonly process: ManagedProcess;
  /** Stopped and started anew with the same settings. @param how default: as a crash, `kill -9` */
  restart(how?: 'kill' | 'stop'): Promise<void>;
}

export interface BrokerProcess extends RestartableProcess {
  /** Where sidecars connect. */
  readonly address: string;
}

export interface SidecarProcess extends RestartableProcess {
  /** Where services connect. */
  readonly address: string;
}

/** Paths of the programs' main files, and the folder they run in. */
export interface Programs {
  readonly broker: string;
  readonly sidecar: string;
  readonly cwd?: string;
  /** As {@link ProcessOptions.hostsFile}. */
  readonly hostsFile?: string;
}

export const SOURCES: Programs = { broker: 'broker/main.ts', sidecar: 'sidecar/main.ts' };

/** One program among the system's. */
export interface Part {
  readonly dir: string;
  readonly name: string;
  readonly programs: Programs;
}

type Env = Readonly<Record<string, string>>;

/** Starts a broker on ports of its own, unless it is told one for administration. @throws Error as {@link launch} */
export async function launchBroker(
  part: Part,
  env: Env,
): Promise<BrokerProcess & { readonly adminUrl: string }> {
  const grpcPort = await freePort();
  const adminPort = env['CMK_ADMIN_PORT'] ?? (await freePort());
  const settings = {
    CMK_GRPC_HOST: '127.0.0.1',
    CMK_GRPC_PORT: String(grpcPort),
    CMK_ADMIN_PORT: String(adminPort),
    ...env,
  };
  const started = await launchRestartable(part, [part.programs.broker], settings);
  return Object.assign(started, {
    address: `${settings.CMK_GRPC_HOST}:${settings.CMK_GRPC_PORT}`,
    adminUrl: `http://127.0.0.1:${adminPort}`,
  });
}

/** Starts a sidecar on a socket named after it. @throws Error as {@link launch} */
export async function launchSidecar(part: Part, env: Env): Promise<SidecarProcess> {
  const address = `unix:${join(part.dir, `${part.name}.sock`)}`;
  const args = [...SIDECAR_NODE_FLAGS, part.programs.sidecar];
  const started = await launchRestartable(part, args, { CMK_LISTEN: address, ...env });
  return Object.assign(started, { address });
}

/** Its console, and where it serves, which differs. */
export interface EmulatorAddresses {
  readonly controlUrl: string;
  readonly [name: string]: unknown;
}

/**
 * Starts an emulator of a KMS on ports of its own; its log of events lies in `dir`.
 * @param name the folder of its main file
 * @param args besides those that every emulator takes
 * @returns the addresses as it prints them
 * @throws Error as {@link launch}
 */
export async function launchEmulator(
  dir: string,
  name: string,
  args: readonly string[],
): Promise<{ process: ManagedProcess; addresses: EmulatorAddresses }> {
  const events = ['--events', join(dir, `${name}-events.jsonl`)];
  const { process, said } = await launchAnnounced({ dir, name, env: {} }, [...events, ...args], 'controlUrl');
  return { process, addresses: said as EmulatorAddresses };
}

/**
 * Starts a program of the sandbox that says in one line of JSON where it is, and with that that it is ready.
 * @param program `name` is the folder of its main file
 * @param member what the line has
 * @throws Error as {@link launch}
 */
export async function launchAnnounced(
  { dir, name, env }: { dir: string; name: string; env: Env },
  args: readonly string[],
  member: string,
): Promise<{ process: ManagedProcess; said: unknown }> {
  const logPath = join(dir, 'logs', `${name}.log`);
  const program = { name: `the process ${name}`, args: [`sandbox/${name}/main.ts`, ...args], env, logPath };
  let line: string | undefined;
  const process = await launch(program, async () => {
    const lines = (await readFile(logPath, 'utf8')).split('\n').slice(0, -1);
    line = lines.find((text) => text.startsWith('{') && text.includes(`"${member}"`));
    return line !== undefined;
  });
  return { process, said: JSON.parse(line ?? '') as unknown };
}

async function launchRestartable(part: Part, args: readonly string[], env: Env): Promise<RestartableProcess> {
  const { dir, name, programs } = part;
  const statusPort = await freePort();
  const statusUrl = `http://127.0.0.1:${statusPort}`;
  const options: ProcessOptions = {
    name: `the process ${name}`,
    args,
    env: { CMK_STATUS_HOST: '127.0.0.1', CMK_STATUS_PORT: String(statusPort), ...env },
    logPath: join(dir, 'logs', `${name}.log`),
    ...(programs.cwd === undefined ? {} : { cwd: programs.cwd }),
    ...(programs.hostsFile === undefined ? {} : { hostsFile: programs.hostsFile }),
  };
  const start = (): Promise<ManagedProcess> => launch(options, () => answersOk(`${statusUrl}/ready`));
  return new Restartable(statusUrl, await start(), start);
}

class Restartable implements RestartableProcess {
  readonly statusUrl: string;
  #process: ManagedProcess;
  readonly #start: () => Promise<ManagedProcess>;

  constructor(statusUrl: string, process: ManagedProcess, start: () => Promise<ManagedProcess>) {
    this.statusUrl = statusUrl;
    this.#process = process;
    this.#start = start;
  }

  get process(): ManagedProcess {
    return this.#process;
  }

  async restart(how: 'kill' | 'stop' = 'kill'): Promise<void> {
    await (how === 'kill' ? this.#process.kill() : this.#process.stop(STOP_WITHIN_MS));
    this.#process = await this.#start();
  }
}
