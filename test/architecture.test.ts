import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { isBuiltin } from 'node:module';
import test from 'ava';
import ts from 'typescript';
import { bundle, PROGRAMS } from '../scripts/build.ts';

/** Which folders a folder's files may import, type imports included. `:` names a package. See ARCHITECTURE.md. */
const MAY_IMPORT: Record<string, readonly (string | RegExp)[]> = {
  core: ['core', ':node:crypto', ':node:util'],
  runtime: ['runtime', 'core', 'package.json', /^:/],
  proto: ['proto', 'core', /^:@grpc\//, /^:node:/],
  client: [
    'client',
    'proto',
    'core',
    ':@opentelemetry/api',
    /^:@grpc\//,
    /^:node:/,
    ':commander',
    ':cli-progress',
  ],
  sidecar: ['sidecar', 'proto', 'runtime', 'core', /^:@grpc\//, /^:node:/],
  'deploy/injector': ['deploy/injector', 'runtime', 'core', /^:node:/, /^:kubernetes-types\//],
  'deploy/grafana': ['deploy/grafana', 'broker/model/types.ts'],
  'deploy/prometheus': [
    'deploy/prometheus',
    'broker/kms/provider.ts',
    'broker/model/types.ts',
    'core/errors.ts',
  ],
  'broker/model': ['broker/model', 'core', /^:node:/],
  'broker/policy': ['broker/policy', 'broker/model', 'core'],
  'broker/kms': [
    'broker/kms',
    'broker/model',
    'core',
    'runtime',
    /^:node:/,
    ':@aws-sdk/client-kms',
    ':@aws-sdk/client-sts',
    ':lru-cache',
    ':graphene-pk11',
    /^:@smithy\//,
    ':@azure/identity',
    ':@azure/keyvault-keys',
    ':oci-common',
    ':oci-keymanagement',
  ],
  'broker/store': ['broker/store', 'broker/model', 'core', 'runtime', /^:node:/, ':knex', ':pg', ':sqlite3'],
  'broker/audit': ['broker/audit', 'broker/store', 'broker/model', 'core', 'runtime', /^:node:/],
  'broker/alerts': [
    'broker/alerts',
    'broker/store',
    'broker/audit',
    'broker/model',
    'core',
    'runtime',
    /^:node:/,
    /^:nodemailer/,
  ],
  'broker/keys': [
    'broker/keys',
    'broker/policy',
    'broker/kms',
    'broker/store',
    'broker/audit',
    'broker/model',
    'core',
    'runtime',
    /^:node:/,
    ':lru-cache',
  ],
  'broker/views': [
    'broker/views',
    'broker/keys',
    'broker/policy',
    'broker/store',
    'broker/model',
    'core',
    'runtime',
    /^:node:/,
  ],
  'broker/grpc': [
    'broker/grpc',
    'broker/keys',
    'broker/policy',
    'broker/audit',
    'broker/model',
    'proto',
    'core',
    'runtime',
    /^:@grpc\//,
    /^:node:/,
  ],
  'broker/portal': [
    'broker/portal',
    'broker/store',
    'broker/audit',
    'broker/model',
    'core',
    'runtime',
    /^:node:/,
    ':fastify',
    ':@fastify/static',
    ':openid-client',
  ],
  'broker/admin': [
    'broker/admin',
    'broker/portal',
    'broker/alerts',
    'broker/views',
    'broker/keys',
    'broker/policy',
    'broker/audit',
    'broker/store',
    'broker/model',
    'broker/kms/set-up.ts',
    'core',
    'runtime',
    /^:node:/,
    ':fastify',
    /^:@fastify\//,
    ':lru-cache',
  ],
};

const PORTAL = [
  'portal',
  'core/chain-verifier.ts',
  'core/ledger-record.ts',
  ':react',
  ':react-dom',
  ':react-i18next',
  ':i18next',
  ':wouter',
  ':@mantine/core',
  ':@mantine/notifications',
  ':@tabler/icons-react',
  ':@tanstack/react-query',
];

/** Ports: the only files of these folders that the use cases and their callers may import. */
const PORTS: Record<string, readonly string[]> = {
  'broker/kms': ['broker/kms/provider.ts', 'broker/kms/set-up.ts'],
  'broker/store': ['broker/store/store.ts', 'broker/store/alert-store.ts'],
};
const ONLY_PORTS_FOR = [
  'broker/keys',
  'broker/views',
  'broker/grpc',
  'broker/admin',
  'broker/portal',
  'broker/audit',
  'broker/alerts',
  'broker/policy',
];

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.tsx?$/.test(name))
    .map((name) => join(folder, name));
}

function importsOf(file: string): string[] {
  return ts.preProcessFile(readFileSync(file, 'utf8'), true, true).importedFiles.map((entry) => {
    const target = entry.fileName;
    if (target.startsWith('.')) return normalize(join(dirname(file), target));
    return `:${isBuiltin(target) && !target.startsWith('node:') ? `node:${target}` : target}`;
  });
}

function isAllowed(target: string, allowed: readonly (string | RegExp)[]): boolean {
  return allowed.some((rule) =>
    typeof rule === 'string' ? target === rule || target.startsWith(`${rule}/`) : rule.test(target),
  );
}

for (const [folder, allowed] of Object.entries({ ...MAY_IMPORT, portal: PORTAL })) {
  test(`${folder} imports only what its layer may`, (t) => {
    const files = sources(folder);
    t.true(files.length > 0, `no sources in ${folder}`);
    const wrong = files.flatMap((file) =>
      importsOf(file)
        .filter((target) => !isAllowed(target, allowed))
        .map((target) => `${file} → ${target}`),
    );
    t.deepEqual(wrong, []);
  });
}

for (const folder of ONLY_PORTS_FOR) {
  test(`${folder} knows KMSs and stores by their ports alone`, (t) => {
    const wrong = sources(folder).flatMap((file) =>
      importsOf(file)
        .filter((target) =>
          Object.entries(PORTS).some(
            ([owner, ports]) => target.startsWith(`${owner}/`) && !ports.includes(target),
          ),
        )
        .map((target) => `${file} → ${target}`),
    );
    t.deepEqual(wrong, []);
  });
}

test('no product code imports the sandbox or a test', (t) => {
  const wrong = ['core', 'runtime', 'proto', 'broker', 'sidecar', 'client', 'deploy']
    .flatMap(sources)
    .flatMap((file) => importsOf(file).map((target) => ({ file, target })))
    .filter(({ target }) => /^(sandbox|test|bench|scripts)\//.test(target));
  t.deepEqual(wrong, []);
});

const SIDECAR_NEVER_LOADS =
  /node_modules\/(@aws-sdk|@smithy|@azure|oci-|graphene-pk11|pkcs11js|knex|pg|sqlite3|fastify|@fastify|express|react)/;

test('the sidecar bundle holds no cloud SDK, database driver or web framework', async (t) => {
  const sidecar = PROGRAMS.find((program) => program.name === 'sidecar');
  const broker = PROGRAMS.find((program) => program.name === 'broker');
  if (!sidecar || !broker) return t.fail('a program is missing');
  const offending = (inputs: object) =>
    Object.keys(inputs).filter((input) => SIDECAR_NEVER_LOADS.test(input));
  const { inputs } = await bundle(sidecar, 'dist/unwritten', false);
  t.deepEqual(offending(inputs), []);
  // The pattern is worth something: it finds them in the broker.
  t.true(offending((await bundle(broker, 'dist/unwritten', false)).inputs).length > 100);
});
