import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { buildProgram, PROGRAMS } from '../../scripts/build.ts';
import { SIDECAR_ID } from '../../deploy/injector/sidecar-container.ts';
import { SIDECAR_NODE_FLAGS } from '../../sidecar/node-flags.ts';
import { dockerfileTargets } from '../support/dockerfile.ts';
import { rendered, workloads } from '../support/manifests.ts';

const TARGETS = dockerfileTargets();
const IMAGES = ['broker', 'sidecar', 'injector'] as const;

for (const name of IMAGES) {
  const target = TARGETS[name];

  test(`${name}: the image holds its bundle, and no more`, (t) => {
    t.is(target?.from, 'base');
    t.deepEqual(target?.copies, [[`/src/dist/${name}`, '/cmk']]);
    t.deepEqual(
      target?.instructions.map((each) => each.split(' ')[0]),
      ['COPY', 'USER', 'ENTRYPOINT'],
    );
  });

  test(`${name}: it is started without core dumps, as nobody of the node’s`, (t) => {
    const [shell, flag, script = '', zero] = target?.entrypoint ?? [];
    t.deepEqual([shell, flag, zero], ['/bin/sh', '-c', name]);
    t.regex(script, new RegExp(`^ulimit -c 0 && exec node .*/cmk/${name}\\.mjs "\\$@"$`));
    t.regex(target?.user ?? '', /^(\d{5}):\1$/);
  });
}

test('the sidecar’s flags are those that it was measured with', (t) => {
  const script = TARGETS['sidecar']?.entrypoint[2] ?? '';
  t.is(/exec node (.*) \/cmk/.exec(script)?.[1], SIDECAR_NODE_FLAGS.join(' '));
});

test('images and pods name the same users', (t) => {
  t.is(TARGETS['sidecar']?.user, `${SIDECAR_ID}:${SIDECAR_ID}`);
  const manifests = rendered('production');
  for (const { metadata, spec } of workloads(manifests)) {
    const image = spec.template.spec?.containers[0]?.image ?? '';
    const { runAsUser, runAsGroup } = spec.template.spec?.securityContext ?? {};
    const [, name = ''] = /\/(\w+):/.exec(image) ?? [];
    t.is(TARGETS[name]?.user, `${runAsUser}:${runAsGroup}`, metadata.name);
  }
});

test('the bases are of the Node that is tested, and Node alone is left in the one that runs', (t) => {
  const { devDependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
    devDependencies: Record<string, string>;
  };
  const text = readFileSync('deploy/images/Dockerfile', 'utf8');
  const bases = [...text.matchAll(/^ARG \w+_BASE=(.*)$/gm)].map(([, base]) => base);
  const version = devDependencies['node'] ?? '';
  t.deepEqual(bases, [`node:${version}-bookworm`, `node:${version}-bookworm-slim`]);
});

test('the sidecar’s bundle: code, contracts, licence, nothing else', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'cmk-image-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const program = PROGRAMS.find(({ name }) => name === 'sidecar');
  if (!program) return t.fail();
  await buildProgram(program, folder);
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(folder, name)).isFile())
    .sort();
  t.deepEqual(
    files.filter((name) => !name.endsWith('.proto')),
    ['LICENSE', 'sidecar.mjs'],
  );
  t.true(files.includes('cmk/v1/sidecar.proto'));
});
