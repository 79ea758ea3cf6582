// `npm run test:system`: the long tests on whole systems, and those that need more than npm has; one file at a time.
// Installs the Debian packages that they need first. Arguments go to ava.
import { spawnSync } from 'node:child_process';
import { testAndScan } from './test-run.ts';

const DEBIAN_PACKAGES = ['jq', 'prometheus', 'python3-grpcio', 'python3-grpc-tools', 'softhsm2'];

installDebianPackages();
const args = ['--config', 'test/system/ava.config.js', ...process.argv.slice(2)];
process.exitCode = (await testAndScan(args)) ? 0 : 1;

function installDebianPackages(): void {
  const missing = DEBIAN_PACKAGES.filter((name) => spawnSync('dpkg', ['-s', name]).status !== 0);
  if (missing.length === 0) return;
  console.log(`installing ${missing.join(' ')}`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  for (const rest of [
    ['update', '-qq'],
    ['install', '-y', '-qq', '--no-install-recommends', ...missing],
  ]) {
    const { status } = spawnSync('apt-get', rest, { stdio: ['ignore', 'ignore', 'inherit'], env });
    if (status === 0) continue;
    console.error(
      `test:system: apt-get ${rest[0] ?? ''} failed; as root on Debian: apt-get install ${missing.join(' ')}`,
    );
    process.exit(1);
  }
}
