import { writeSync } from 'node:fs';

// Loaded into a process by --import: tells its peak resident memory as the last line of its standard error.
process.on('exit', () => writeSync(2, `peak ${process.resourceUsage().maxRSS} KiB\n`));
