// Builds Kubernetes' API server from Debian's source, for the tests of the admission webhook: there is no package of it.
// Takes some five minutes on two cores, and keeps the program outside the repository.
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { copyFile, rename } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';

const CACHE = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'cmk-tests');
const GO = '/usr/lib/go-1.19/bin';

/** Debian packages that the build needs. */
export const BUILD_PACKAGES = [
  'golang-1.19-go',
  'golang-github-modern-go-reflect2-dev',
  'rsync',
  'dpkg-dev',
] as const;

/** Of this package the source has a version that crashes when it is built with a Go of today. */
const REFLECT2 = 'github.com/modern-go/reflect2';

/**
 * The program's path; built when it is not there.
 * @throws {Error} with the end of what the step that failed printed
 */
export async function kubeApiserver(): Promise<string> {
  const program = join(CACHE, 'kube-apiserver');
  if (existsSync(program)) return program;
  const folder = mkdtempSync(join(tmpdir(), 'kubernetes-'));
  try {
    const source = fetchSource(folder);
    console.log('building kube-apiserver: some five minutes');
    const env = { PATH: `${GO}:${process.env['PATH'] ?? ''}`, HOME: folder, CGO_ENABLED: '0' };
    run('make', ['WHAT=cmd/kube-apiserver'], source, env);
    mkdirSync(CACHE, { recursive: true });
    await copyFile(join(source, '_output/bin/kube-apiserver'), `${program}.new`);
    await rename(`${program}.new`, program);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return program;
}

/** Debian's source, from where the machine's packages come from. */
function fetchSource(folder: string): string {
  const [parts, lists] = [join(folder, 'sources'), join(folder, 'lists')];
  mkdirSync(parts);
  mkdirSync(join(lists, 'partial'), { recursive: true });
  const packages = readFileSync('/etc/apt/sources.list.d/debian.sources', 'utf8');
  writeFileSync(join(parts, 'debian.sources'), packages.replace(/^Types:.*$/gm, 'Types: deb-src'));
  const apt = [
    '-qq',
    '-o',
    'Dir::Etc::sourcelist=/dev/null',
    '-o',
    `Dir::Etc::sourceparts=${parts}`,
    '-o',
    `Dir::State::lists=${lists}`,
  ];
  run('apt-get', [...apt, 'update'], folder);
  run('apt-get', [...apt, 'source', '--download-only', 'kubernetes'], folder);
  const description = readdirSync(folder).find((name) => name.endsWith('.dsc')) ?? '';
  const source = join(folder, 'source');
  run('dpkg-source', ['--extract', description, source], folder);
  const vendored = join(source, 'vendor', REFLECT2);
  rmSync(vendored, { recursive: true });
  cpSync(join('/usr/share/gocode/src', REFLECT2), vendored, { recursive: true });
  return source;
}

function run(
  command: string,
  args: readonly string[],
  cwd: string,
  env: NodeJS.ProcessEnv = process.env,
): void {
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd,
    env,
    encoding: 'utf8',
    timeout: 1_200_000,
  });
  if (status === 0) return;
  throw new Error(`${command} ${args.join(' ')} failed:\n${(stdout + stderr).slice(-2000)}`);
}
