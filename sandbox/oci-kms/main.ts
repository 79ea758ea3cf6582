import { Command } from 'commander';
import { markedRandomBytes, parsePort } from '../emulation/options.ts';
import { startOciKms } from './emulator.ts';

/** The emulator as a process. Prints one line of JSON with its addresses when it is ready; SIGTERM ends it. */
const options = new Command()
  .name('oci-kms')
  .description('an emulator of OCI Vault for sandboxes and tests')
  .option('--regions <names>', 'regions, comma-separated', 'us-ashburn-1')
  .option('--ports <numbers>', 'one port a region in the same order, comma-separated; default: any')
  .option('--control-port <number>', 'port of the control API; 0: any', '0')
  .option('--state <file>', 'keep everything but the log in this file over a restart')
  .option('--marker <hex>', 'begin and end every data key with these bytes, so that leaks can be found')
  .option('--events <file>', 'append every event to this file as a line of JSON')
  .parse()
  .opts<{
    regions: string;
    ports?: string;
    controlPort: string;
    state?: string;
    events?: string;
    marker?: string;
  }>();

const [first, ...others] = options.regions.split(',');
const regions = [first ?? '', ...others] as const;
const ports = options.ports?.split(',').map(parsePort) ?? [];
if (ports.length > 0 && ports.length !== regions.length) {
  throw new Error(`--ports: expected ${regions.length} ports, got ${ports.length}`);
}

const kms = await startOciKms({
  regions: [regions[0], ...others],
  ports: Object.fromEntries(regions.map((region, index) => [region, ports[index] ?? 0])),
  controlPort: parsePort(options.controlPort),
  ...(options.state === undefined ? {} : { statePath: options.state }),
  ...(options.marker === undefined ? {} : { randomBytes: markedRandomBytes(options.marker) }),
  ...(options.events === undefined ? {} : { eventsPath: options.events }),
});
process.stdout.write(JSON.stringify({ endpoints: kms.endpoints, controlUrl: kms.controlUrl }) + '\n');

for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void kms.close());
