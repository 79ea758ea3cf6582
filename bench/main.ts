// `npm run bench [-- core|kms|streams|revocation|portal]`: every figure is a ratio or a rate measured side by side in this one run.
import { benchCore, describeComparison } from './core.ts';
import { benchKms } from './kms.ts';
import { benchPortal } from './portal.ts';
import { benchRevocation } from './revocation.ts';
import { benchStreams, describeSidecar } from './streams.ts';

const BENCHES: Record<string, () => Promise<readonly string[]>> = {
  core: async () => (await benchCore()).map(describeComparison),
  kms: benchKms,
  streams: async () => describeSidecar(await benchStreams()),
  revocation: benchRevocation,
  portal: benchPortal,
};

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !Object.hasOwn(BENCHES, name));
if (unknown.length > 0) {
  console.error(`bench: expected ${Object.keys(BENCHES).join(' or ')}, got ${unknown.join(' ')}`);
  process.exit(2);
}
let missed = false;
for (const [name, run] of Object.entries(BENCHES)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  console.log(`\n${name}`);
  for (const line of await run()) {
    console.log(`  ${line}`);
    missed ||= line.includes('MISSED');
  }
}
if (missed) process.exitCode = 1;
