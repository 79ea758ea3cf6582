import { commonOptions, regionalCommand, regionalOptions, serveUntilSignal } from '../emulation/command.ts';
import { startAwsKms } from './emulator.ts';

const command = regionalCommand('aws-kms', 'AWS KMS', 'us-east-1,us-west-2').parse();
const kms = await startAwsKms({ ...commonOptions(command), ...regionalOptions(command) });
const { endpoints, stsEndpoints, controlUrl } = kms;
serveUntilSignal({ endpoints, stsEndpoints, controlUrl }, kms);
