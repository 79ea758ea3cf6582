import { FakeSidecar } from './fake-sidecar.ts';

// A fake sidecar that can be killed: tells its address on standard output and stays.
process.stdout.write(`${(await FakeSidecar.start()).address}\n`);
