import { randomBytes } from 'node:crypto';
import { Command } from 'commander';

/** The options that every emulator's process takes, as its `start…` function names them. */
export interface CommonOptions {
  readonly controlPort: number;
  readonly statePath?: string;
  readonly eventsPath?: string;
}

/** The options of one with an endpoint a region, and with data keys of its own making. */
export interface RegionalOptions {
  readonly regions: readonly [string, ...string[]];
  readonly ports: Readonly<Record<string, number>>;
  readonly randomBytes?: (count: number) => Buffer;
}

/** An emulator as a process, with the options that all of them take. */
export function emulatorCommand(name: string, of: string): Command {
  return new Command()
    .name(name)
    .description(`an emulator of ${of} for sandboxes and tests`)
    .option('--control-port <number>', 'port of the control API; 0: any', parsePort, 0)
    .option('--state <file>', 'keep everything but the log in this file over a restart')
    .option('--events <file>', 'append every event to this file as a line of JSON');
}

export function regionalCommand(name: string, of: string, regions: string): Command {
  return emulatorCommand(name, of)
    .option('--regions <names>', 'regions, comma-separated', regions)
    .option('--ports <numbers>', 'one port a region in the same order, comma-separated; default: any')
    .option('--marker <hex>', 'begin and end every data key with these bytes, so that leaks can be found');
}

export function commonOptions(command: Command): CommonOptions {
  const { controlPort, state, events } = command.opts<{
    controlPort: number;
    state?: string;
    events?: string;
  }>();
  return {
    controlPort,
    ...(state === undefined ? {} : { statePath: state }),
    ...(events === undefined ? {} : { eventsPath: events }),
  };
}

/** @throws Error for another number of ports than of regions */
export function regionalOptions(command: Command): RegionalOptions {
  const given = command.opts<{ regions: string; ports?: string; marker?: string }>();
  const [first = '', ...others] = given.regions.split(',');
  const regions = [first, ...others] as const;
  const ports = given.ports?.split(',').map(parsePort) ?? [];
  if (ports.length > 0 && ports.length !== regions.length) {
    throw new Error(`--ports: expected ${regions.length} ports, got ${ports.length}`);
  }
  return {
    regions,
    ports: Object.fromEntries(regions.map((region, index) => [region, ports[index] ?? 0])),
    ...(given.marker === undefined ? {} : { randomBytes: markedRandomBytes(given.marker) }),
  };
}

/** Prints where the emulator is as one line of JSON, which says that it is ready; SIGTERM and SIGINT end it. */
export function serveUntilSignal(addresses: object, emulator: { close(): Promise<void> }): void {
  process.stdout.write(JSON.stringify(addresses) + '\n');
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void emulator.close());
}

/** @throws Error for anything but 0 to 65535 */
export function parsePort(text: string): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port > 65_535) throw new Error(`port: expected 0 to 65535, got ${text}`);
  return port;
}

/** Random bytes that begin and end with a marker, so that leaks can be found. */
function markedRandomBytes(markerHex: string): (count: number) => Buffer {
  const marker = Buffer.from(markerHex, 'hex');
  return (count) => {
    const bytes = randomBytes(count);
    marker.copy(bytes);
    marker.copy(bytes, Math.max(0, count - marker.length));
    return bytes;
  };
}
