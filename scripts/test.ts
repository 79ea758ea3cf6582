// `npm test`: runs every test but those of test/system, then looks for data keys in what they wrote. Arguments go to ava.
import { columnsNotSeen, FAULT_PAGE } from './kms-fault-page.ts';
import { testAndScan } from './test-run.ts';

const args = process.argv.slice(2);
const passed = await testAndScan(args);
// Each suite of a KMS compares its column; that all of them ran is seen here.
const unseen = args.length === 0 ? columnsNotSeen() : [];
for (const column of unseen) console.error(`${FAULT_PAGE}: no test observed ${column}`);
process.exitCode = passed && unseen.length === 0 ? 0 : 1;
