import { commonOptions, regionalCommand, regionalOptions, serveUntilSignal } from '../emulation/command.ts';
import { startOciKms } from './emulator.ts';

const command = regionalCommand('oci-kms', 'OCI Vault', 'us-ashburn-1').parse();
const kms = await startOciKms({ ...commonOptions(command), ...regionalOptions(command) });
const { endpoints, controlUrl } = kms;
serveUntilSignal({ endpoints, controlUrl }, kms);
