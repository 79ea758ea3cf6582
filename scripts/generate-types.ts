// Generates proto/types from the contracts. `--check` generates elsewhere and compares.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PROTOS = [
  'cmk/v1/sidecar.proto',
  'cmk/v1/broker.proto',
  'google/rpc/status.proto',
  'google/rpc/error_details.proto',
];
const COMMITTED = 'proto/types';

function generate(outDir: string): void {
  const options = ['--longs=Number', '--enums=String', '--defaults', '--oneofs', '--arrays', '--objects'];
  execFileSync(
    process.execPath,
    [
      'node_modules/@grpc/proto-loader/build/bin/proto-loader-gen-types.js',
      ...options,
      '--grpcLib=@grpc/grpc-js',
      '--importFileExtension=.ts',
      '--includeDirs=proto',
      `--outDir=${outDir}`,
      ...PROTOS,
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  );
}

function files(dir: string): Map<string, string> {
  const names = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    names.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [path.slice(dir.length + 1), readFileSync(path, 'utf8')];
    }),
  );
}

if (process.argv.includes('--check')) {
  const fresh = mkdtempSync(join(tmpdir(), 'cmk-types-'));
  try {
    generate(fresh);
    const expected = files(fresh);
    const committed = files(COMMITTED);
    const stale = [...new Set([...expected.keys(), ...committed.keys()])].filter(
      (name) => expected.get(name) !== committed.get(name),
    );
    if (stale.length > 0) {
      console.error(`generated types are not current: ${stale.join(', ')}\nrun: npm run generate`);
      process.exitCode = 1;
    }
  } finally {
    rmSync(fresh, { recursive: true });
  }
} else {
  rmSync(COMMITTED, { recursive: true, force: true });
  generate(COMMITTED);
}
