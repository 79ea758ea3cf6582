// `npm run test:system`: the long tests on whole systems, and those that need more than npm has; one file at a time.
// Installs the Debian packages that they need first. Arguments go to ava.
import { spawnSync } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { BUILD_PACKAGES } from './build-kube-apiserver.ts';
import { testAndScan } from './test-run.ts';

const DEBIAN_PACKAGES = [
  ...BUILD_PACKAGES,
  'etcd-server',
  'jq',
  'prometheus',
  'python3-grpcio',
  'python3-grpc-tools',
  'softhsm2',
];
/** What it answers decides whether Debian starts the services of packages that it installs. */
const SERVICE_POLICY = '/usr/sbin/policy-rc.d';

installDebianPackages();
const args = ['--config', 'test/system/ava.config.js', ...process.argv.slice(2)];
process.exitCode = (await testAndScan(args)) ? 0 : 1;

function installDebianPackages(): void {
  const missing = DEBIAN_PACKAGES.filter((name) => spawnSync('dpkg', ['-s', name]).status !== 0);
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0) throw new Error(`as root on Debian: apt-get install ${missing.join(' ')}`);
  console.log(`installing ${missing.join(' ')}`);
  const hasPolicy = existsSync(SERVICE_POLICY);
  // Only programs are wanted: a Prometheus that runs from now on is not.
  if (!hasPolicy) writeFileSync(SERVICE_POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  try {
    install(missing);
  } finally {
    if (!hasPolicy) rmSync(SERVICE_POLICY);
  }
}

/** @throws Error what to do by hand */
function install(missing: readonly string[]): void {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  for (const rest of [
    ['update', '-qq'],
    ['install', '-y', '-qq', '--no-install-recommends', ...missing],
  ]) {
    const { status } = spawnSync('apt-get', rest, { stdio: ['ignore', 'ignore', 'inherit'], env });
    if (status === 0) continue;
    throw new Error(
      `apt-get ${rest[0] ?? ''} failed; as root on Debian: apt-get install ${missing.join(' ')}`,
    );
  }
}
