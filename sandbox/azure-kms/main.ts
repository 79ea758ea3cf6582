import { writeFileSync } from 'node:fs';
import { commonOptions, emulatorCommand, parsePort, serveUntilSignal } from '../emulation/command.ts';
import { startAzureKms } from './emulator.ts';

const command = emulatorCommand('azure-kms', 'Azure Key Vault, Managed HSM and Entra')
  .requiredOption('--ca-file <file>', 'where to write the authority of its certificates, PEM')
  .option('--port <number>', 'port; 0: any', parsePort, 0)
  .parse();
const { caFile, port } = command.opts<{ caFile: string; port: number }>();
const kms = await startAzureKms({ ...commonOptions(command), port });
writeFileSync(caFile, kms.caPem);
const { connectTo, controlUrl } = kms;
serveUntilSignal({ connectTo, controlUrl, caFile }, kms);
