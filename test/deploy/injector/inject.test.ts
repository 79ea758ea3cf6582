import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import jsonPatch from 'fast-json-patch';
import type { Pod } from 'kubernetes-types/core/v1.js';
import { readInjectorConfig } from '../../../deploy/injector/config.ts';
import { injectSidecar, type Addition } from '../../../deploy/injector/inject.ts';
import { readSidecarConfig } from '../../../sidecar/config.ts';
import { schemaProblems, type KubernetesObject } from '../../support/kubernetes-schema.ts';
import { LEGACY, pod, PODS, RECORDER, SETTINGS } from './pods.ts';
import { REFUSED } from './refused-pods.ts';

const GOLDEN = join(import.meta.dirname, 'golden');

/** As the API server does: strictly, and without touching the original or the patch. */
function apply(original: Pod, patch: readonly Addition[]): Pod {
  const copy = structuredClone(original);
  return jsonPatch.applyPatch(copy, structuredClone(patch) as Addition[], true).newDocument;
}

function inject(original: Pod, settings = SETTINGS): readonly Addition[] {
  const patch = injectSidecar(original, settings);
  if (patch === null) throw new Error('the pod asks for no sidecar');
  return patch;
}

for (const [name, { pod: original, settings }] of Object.entries(PODS)) {
  test(`${name}: the patch is the golden file’s`, (t) => {
    const patch = inject(original, settings);
    const file = join(GOLDEN, `${name}.json`);
    if (process.env['CMK_WRITE_GOLDEN']) writeFileSync(file, `${JSON.stringify(patch, null, 2)}\n`);
    t.deepEqual(JSON.parse(readFileSync(file, 'utf8')), patch);
  });

  test(`${name}: asked again, the patch is empty`, (t) => {
    t.deepEqual(inject(apply(original, inject(original, settings)), settings), []);
  });
}

test('there is a golden file for each pod, and none besides', (t) => {
  t.deepEqual(
    readdirSync(GOLDEN).sort(),
    Object.keys(PODS)
      .map((name) => `${name}.json`)
      .sort(),
  );
});

test('Kubernetes’ schema has nothing against the pods, before and after', (t) => {
  const objects: Record<string, KubernetesObject> = {};
  for (const [name, { pod: original, settings }] of Object.entries(PODS)) {
    objects[name] = original;
    objects[`${name} with a sidecar`] = apply(original, inject(original, settings)) as KubernetesObject;
  }
  t.deepEqual(schemaProblems(objects), []);
});

test('the schema refuses what it does not know, at any depth, and what is missing', (t) => {
  const wrong = {
    unknown: {
      ...pod(),
      spec: { containers: [{ ...RECORDER, volumeMounts: [{ name: 'a', mountPth: '/a' }] }] },
    },
    missing: { ...pod(), spec: { containers: [{ image: 'a' }] } },
    type: { ...pod(), spec: { containers: [RECORDER], terminationGracePeriodSeconds: '30' } },
    right: pod(),
  };
  const problems = schemaProblems(wrong);
  t.deepEqual(
    problems.map((problem) => problem.split(':')[0]),
    ['unknown', 'missing', 'type'],
  );
  t.regex(problems[0] ?? '', /mountPth/);
});

for (const [name, { pod: original, settings, says }] of Object.entries(REFUSED)) {
  test(`refused: ${name}`, (t) => {
    t.throws(() => injectSidecar(original, settings ?? SETTINGS), { message: says });
  });
}

test('a pod that does not ask is left as it is', (t) => {
  t.is(injectSidecar(pod({}, { inject: null }), SETTINGS), null);
  t.is(injectSidecar(pod({}, { inject: 'false' }), SETTINGS), null);
  t.is(injectSidecar({ spec: { containers: [RECORDER] } }, SETTINGS), null);
});

test('nothing of a pod is changed or removed', (t) => {
  for (const [name, { pod: original, settings }] of Object.entries(PODS)) {
    const before = JSON.stringify(original);
    const patch = inject(original, settings);
    t.is(JSON.stringify(original), before, name);
    let current: Pod = original;
    for (const addition of patch) {
      const inList = /\/(-|0)$/.test(addition.path);
      t.is(addition.op, 'add', name);
      t.true(inList || !jsonPatch.getValueByPointer(current, addition.path), `${name}: ${addition.path}`);
      current = apply(current, [addition]);
    }
  }
});

test('the identity is the sidecar’s alone, and the socket only of those who are named', (t) => {
  const original = pod(
    { containers: [{ ...RECORDER, name: 'other' }, RECORDER] },
    { containers: 'recorder' },
  );
  for (const settings of [SETTINGS, LEGACY]) {
    const { spec } = apply(original, inject(original, settings));
    const all = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])];
    const mounting = (volume: string) =>
      all
        .filter(({ volumeMounts = [] }) => volumeMounts.some(({ name }) => name === volume))
        .map(({ name }) => name);
    t.deepEqual(mounting('cmk-identity'), ['cmk-sidecar']);
    t.deepEqual(mounting('cmk-socket').sort(), ['cmk-sidecar', 'recorder']);
  }
});

function sidecarEnvOf({ spec }: Pod): NodeJS.ProcessEnv {
  const all = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])];
  const env = all.find((each) => each.name === 'cmk-sidecar')?.env ?? [];
  return Object.fromEntries(env.map(({ name, value }) => [name, value]));
}

test('a sidecar starts with what it is given, and the injector takes no broker that a sidecar would not', (t) => {
  for (const [name, { pod: original, settings }] of Object.entries(PODS)) {
    t.notThrows(() => readSidecarConfig(sidecarEnvOf(apply(original, inject(original, settings)))), name);
  }
  t.throws(() => readInjectorConfig({ CMK_BROKER: 'dns:///broker:8443' }), {
    message: /CMK_BROKER: expected host:port/,
  });
});

test('a sidecar traces as the injector was told', (t) => {
  const traced = { tracesUrl: 'http://collector:4318/v1/traces', tracesRatio: 0.000001 };
  const { tracesUrl, tracesRatio } = readSidecarConfig(
    sidecarEnvOf(apply(pod(), inject(pod(), { ...SETTINGS, ...traced }))),
  );
  t.deepEqual({ tracesUrl, tracesRatio }, traced);
  t.is(sidecarEnvOf(apply(pod(), inject(pod())))['CMK_TRACES_URL'], undefined);
});

test('what other webhooks and the API server add to the sidecar does no harm', (t) => {
  for (const settings of [SETTINGS, LEGACY]) {
    const original = apply(pod(), inject(pod(), settings));
    const list = settings === LEGACY ? original.spec?.containers : original.spec?.initContainers;
    const sidecar = list?.[0];
    if (!sidecar) return t.fail();
    sidecar.env?.push({ name: 'HTTPS_PROXY', value: 'http://proxy.example' });
    sidecar.volumeMounts?.push({
      name: 'kube-api-access',
      mountPath: '/var/run/secrets/kubernetes.io/serviceaccount',
      readOnly: true,
    });
    sidecar.terminationMessagePolicy = 'File';
    sidecar.image = sidecar.image?.replace(/@.*/, ':1.5.0') ?? '';
    const patch = inject(original, settings);
    t.deepEqual(
      patch.map(({ path }) => path),
      ['/metadata/annotations/cmk.zoom.us~1status'],
    );
    t.regex(String(patch[0]?.value), /cmk\/sidecar:1\.5\.0"/);
  }
});

test('a container that another webhook added since is served too', (t) => {
  const first = apply(pod(), inject(pod()));
  const late = { ...RECORDER, name: 'late' };
  const grown = { ...first, spec: { ...first.spec, containers: [...(first.spec?.containers ?? []), late] } };
  const patch = inject(grown);
  t.deepEqual(
    patch.map(({ path }) => path),
    [
      '/metadata/annotations/cmk.zoom.us~1status',
      '/spec/containers/1/env',
      '/spec/containers/1/volumeMounts',
    ],
  );
  t.deepEqual(inject(apply(grown, patch)), []);
});
