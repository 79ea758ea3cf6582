// Writes dist/sbom/NAME.cdx.json: for each program the packages that went into its bundle, as CycloneDX.
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { build, type Metafile } from 'esbuild';
import { bundle, PROGRAMS } from './build.ts';

/** The parts in use of a CycloneDX 1.5 document. */
export interface Sbom {
  readonly bomFormat: 'CycloneDX';
  readonly serialNumber: string;
  readonly metadata: { readonly component: Component };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

interface Component {
  readonly 'bom-ref': string;
  readonly name: string;
  readonly version: string;
  readonly scope?: 'required' | 'optional';
}

/** What npm knows of every package in the lock file. */
function allPackages(): Sbom {
  const args = ['sbom', '--package-lock-only', '--sbom-format', 'cyclonedx'];
  const text = execFileSync('npm', args, { encoding: 'utf8', maxBuffer: 64 * 1024 ** 2, timeout: 120_000 });
  return JSON.parse(text) as Sbom;
}

/** `NAME@VERSION` of each package that files of a bundle come from. */
function packagesIn({ inputs }: Metafile): ReadonlySet<string> {
  const folders = Object.keys(inputs).map((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0]);
  return new Set(folders.filter((folder) => folder !== undefined).map(packageAt));
}

function packageAt(folder: string): string {
  const { name, version } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8')) as {
    name: string;
    version: string;
  };
  return `${name}@${version}`;
}

/** The portal's packages: Vite bundles it, from the same modules. */
async function portalBundle(): Promise<Metafile> {
  const { metafile } = await build({
    entryPoints: ['portal/main.tsx'],
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    outdir: 'dist/unwritten',
    jsx: 'automatic',
    loader: { '.css': 'empty', '.svg': 'empty' },
    logLevel: 'error',
  });
  return metafile;
}

/** The document of each program, by its name. */
export async function sboms(): Promise<Record<string, Sbom>> {
  const all = allPackages();
  const documents: Record<string, Sbom> = {};
  for (const program of PROGRAMS) {
    const metafiles = [await bundle(program, 'dist/unwritten', false)];
    if (program.name === 'broker') metafiles.push(await portalBundle());
    const native = program.native.map((name) => packageAt(`node_modules/${name}`));
    const included = new Set([...metafiles.flatMap((each) => [...packagesIn(each)]), ...native]);
    documents[program.name] = only(all, included, `cmk-${program.name}`);
  }
  return documents;
}

/** A document of these packages alone. */
function only(all: Sbom, included: ReadonlySet<string>, name: string): Sbom {
  const components = all.components
    .filter((each) => included.has(`${each.name}@${each.version}`))
    // Bundled is required, whatever npm installs it for.
    .map((each) => ({ ...each, scope: 'required' as const }));
  if (components.length !== included.size)
    throw new Error(`${name}: of ${included.size} packages, ${components.length} are in the lock file`);
  const refs = new Set(components.map((each) => each['bom-ref']));
  return {
    ...all,
    serialNumber: `urn:uuid:${randomUUID()}`,
    metadata: { ...all.metadata, component: { ...all.metadata.component, name } },
    components,
    dependencies: all.dependencies
      .filter(({ ref }) => refs.has(ref))
      .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter((each) => refs.has(each)) })),
  };
}

if (import.meta.main) {
  mkdirSync('dist/sbom', { recursive: true });
  for (const [name, document] of Object.entries(await sboms())) {
    const file = `dist/sbom/${name}.cdx.json`;
    writeFileSync(file, `${JSON.stringify(document, null, 2)}\n`);
    console.log(`${file}  ${document.components.length} packages`);
  }
}
