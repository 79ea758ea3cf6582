// `npm test`: runs every test but those of test/system, then looks for data keys in what they wrote. Arguments go to ava.
import { testAndScan } from './test-run.ts';

process.exitCode = (await testAndScan(process.argv.slice(2))) ? 0 : 1;
