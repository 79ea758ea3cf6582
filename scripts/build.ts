// Bundles broker, sidecar, injector and cmk into dist/, each a folder that runs by itself: `node dist/sidecar/sidecar.mjs`.
import { cpSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, type Metafile } from 'esbuild';
import { buildPortal, gzippedSizes, PORTAL_DIR } from './build-portal.ts';

export interface Program {
  readonly name: string;
  readonly entry: string;
  /** Scripts that it starts as processes of their own, by the name that they have beside it. */
  readonly scripts?: Readonly<Record<string, string>>;
  /** Packages that Node cannot load out of a bundle, copied beside it. */
  readonly native: readonly string[];
  /** Contracts of packages that read them from disk, two folders above their code. Null: it speaks no gRPC. */
  readonly protos: readonly string[] | null;
}

const HEALTH_PROTO = 'node_modules/grpc-health-check/proto';
const REFLECTION_PROTO = 'node_modules/@grpc/reflection/build/proto';

export const PROGRAMS: readonly Program[] = [
  {
    name: 'broker',
    entry: 'broker/main.ts',
    scripts: { 'hsm-process': 'broker/kms/pkcs11/hsm-process.ts' },
    native: ['sqlite3', 'bindings', 'file-uri-to-path', 'pkcs11js'],
    protos: [HEALTH_PROTO],
  },
  { name: 'sidecar', entry: 'sidecar/main.ts', native: [], protos: [HEALTH_PROTO, REFLECTION_PROTO] },
  { name: 'injector', entry: 'deploy/injector/main.ts', native: [], protos: null },
  { name: 'cmk', entry: 'client/cli/main.ts', native: [], protos: [] },
];

// Drivers that Knex and pg look for at run time only when asked to use them.
const NEVER_USED = [
  'better-sqlite3',
  'mariadb',
  'mysql',
  'mysql2',
  'oracledb',
  'pg-native',
  'pg-query-stream',
  'tedious',
];

/** Bundles one program; the metafile lists every file that went in. */
export async function bundle(program: Program, outDir: string, write = true): Promise<Metafile> {
  const result = await build({
    entryPoints: { [program.name]: program.entry, ...program.scripts },
    outdir: outDir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    write,
    platform: 'node',
    target: 'node22',
    format: 'esm',
    minifySyntax: true,
    keepNames: true,
    legalComments: 'none',
    metafile: true,
    external: [...NEVER_USED, 'sqlite3', 'pkcs11js'],
    logLevel: 'warning',
    banner: {
      // CommonJS packages inside an ES module bundle call require for Node's own modules, and look for their
      // contracts in `../../proto`.
      js: "import { createRequire as cmkCreateRequire } from 'node:module'; const require = cmkCreateRequire(import.meta.url); const cmkDirname = import.meta.dirname + '/code/of-a-package';",
    },
    // Not by its own name: ES modules in the bundle may declare one of theirs.
    define: { __dirname: 'cmkDirname' },
  });
  return result.metafile;
}

/** Builds one program into a folder from which it runs by itself. */
export async function buildProgram(program: Program, outDir = join('dist', program.name)): Promise<void> {
  rmSync(outDir, { recursive: true, force: true });
  mkdirSync(outDir, { recursive: true });
  await bundle(program, outDir);
  if (program.protos !== null) {
    for (const folder of ['cmk', 'google'])
      cpSync(join('proto', folder), join(outDir, folder), { recursive: true });
  }
  for (const folder of program.protos ?? []) cpSync(folder, join(outDir, 'proto'), { recursive: true });
  cpSync('LICENSE', join(outDir, 'LICENSE'));
  for (const name of program.native) {
    const target = join(outDir, 'node_modules', name);
    cpSync(join('node_modules', name), target, {
      recursive: true,
      filter: (source) => !/\/(deps|src|obj|obj\.target|node_modules|\.deps)$|\.(a|mk|gypi)$/.test(source),
    });
  }
}

if (import.meta.main) {
  for (const program of PROGRAMS) {
    await buildProgram(program);
    const file = `dist/${program.name}/${program.name}.mjs`;
    console.log(`${file}  ${Math.round(statSync(file).size / 1024)} KiB`);
  }
  await buildPortal();
  cpSync(PORTAL_DIR, join('dist', 'broker', 'portal'), { recursive: true });
  const bytes = gzippedSizes().reduce((sum, { bytes: each }) => sum + each, 0);
  console.log(`${PORTAL_DIR}  ${Math.round(bytes / 1024)} KiB gzipped`);
  writeFileSync('dist/README', 'Built by `npm run build`. Each folder runs by itself with Node 22.\n');
}
