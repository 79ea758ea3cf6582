// `npm run test:system`: the long tests on whole systems, one file at a time. Arguments go to ava.
import { testAndScan } from './test-run.ts';

const args = ['--config', 'test/system/ava.config.js', ...process.argv.slice(2)];
process.exitCode = (await testAndScan(args)) ? 0 : 1;
