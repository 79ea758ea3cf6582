import { writeFileSync } from 'node:fs';
import { Command } from 'commander';
import { parsePort } from '../emulation/options.ts';
import { startAzureKms } from './emulator.ts';

/** The emulator as a process. Prints one line of JSON with its addresses when it is ready; SIGTERM ends it. */
const options = new Command()
  .name('azure-kms')
  .description('an emulator of Azure Key Vault, Managed HSM and Entra for sandboxes and tests')
  .requiredOption('--ca-file <file>', 'where to write the authority of its certificates, PEM')
  .option('--port <number>', 'port; default: any', '0')
  .option('--control-port <number>', 'port of the control API; 0: any', '0')
  .option('--state <file>', 'keep vaults, keys and applications in this file over a restart')
  .option('--events <file>', 'append every event to this file as a line of JSON')
  .parse()
  .opts<{ caFile: string; port: string; controlPort: string; state?: string; events?: string }>();

const kms = await startAzureKms({
  port: parsePort(options.port),
  controlPort: parsePort(options.controlPort),
  ...(options.state === undefined ? {} : { statePath: options.state }),
  ...(options.events === undefined ? {} : { eventsPath: options.events }),
});
writeFileSync(options.caFile, kms.caPem);
const { connectTo, controlUrl } = kms;
process.stdout.write(JSON.stringify({ connectTo, controlUrl, caFile: options.caFile }) + '\n');

for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void kms.close());
