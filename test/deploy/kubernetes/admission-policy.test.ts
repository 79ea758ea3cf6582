import { readFileSync } from 'node:fs';
import { Environment } from '@marcbachmann/cel-js';
import test from 'ava';
import jsonPatch from 'fast-json-patch';
import type { ValidatingAdmissionPolicy } from 'kubernetes-types/admissionregistration/v1.js';
import type { EphemeralContainer, Pod } from 'kubernetes-types/core/v1.js';
import { injectSidecar, type Addition } from '../../../deploy/injector/inject.ts';
import { ofKind, parseManifests } from '../../support/manifests.ts';
import { LEGACY, pod, RECORDER, SETTINGS } from '../injector/pods.ts';

const FILE = 'deploy/kubernetes/base/admission/admission-policy.yaml';
const POLICIES = ofKind<ValidatingAdmissionPolicy>(
  parseManifests(readFileSync(FILE, 'utf8')),
  'ValidatingAdmissionPolicy',
);
const environment = new Environment({ unlistedVariablesAreDyn: true });
const DRIVER = 'spiffe.csi.cert-manager.io';

/** @param oldObject with it, the pod is changed rather than made. @returns what the policies have against it */
function judge(object: Pod, oldObject?: Pod): string[] {
  const request = { operation: oldObject ? 'UPDATE' : 'CREATE' };
  return POLICIES.flatMap(({ spec }) => {
    const { matchConditions = [], variables = [], validations = [] } = spec ?? {};
    const values: Record<string, unknown> = {};
    const given = { object, request, variables: values, ...(oldObject && { oldObject }) };
    const evaluate = (expression: string): unknown => environment.evaluate(expression, given);
    if (!matchConditions.every(({ expression }) => evaluate(expression) === true)) return [];
    for (const { name, expression } of variables) values[name] = evaluate(expression);
    return validations
      .filter(({ expression }) => evaluate(expression) !== true)
      .map(({ message }) => message ?? '');
  });
}

function injected(original: Pod, settings = SETTINGS): Pod {
  const patch = structuredClone(injectSidecar(original, settings) ?? []) as Addition[];
  return jsonPatch.applyPatch(structuredClone(original), patch).newDocument;
}

/** A pod with its sidecar, changed. */
function changed(change: (spec: NonNullable<Pod['spec']>, pod: Pod) => void, original = pod()): Pod {
  const copy = injected(original);
  if (copy.spec) change(copy.spec, copy);
  return copy;
}

const ALONE = "volumes with an identity are the CMK sidecar's alone";
const DEBUGGING = "containers for debugging see neither the CMK sidecar's identity nor its processes";
const steal = (name: string) => [{ name, mountPath: '/stolen' }];

test('pods with their sidecar pass, native and legacy, and when they are changed', (t) => {
  for (const each of [
    injected(pod()),
    injected(pod(), LEGACY),
    injected(pod({ initContainers: [{ ...RECORDER, name: 'first' }] })),
    injected(pod({ shareProcessNamespace: false, volumes: [{ name: 'data', emptyDir: {} }] })),
  ]) {
    t.deepEqual(judge(each), []);
    t.deepEqual(judge(each, each), []);
  }
});

test('a pod that asks and has none is refused, in whichever way it asks', (t) => {
  t.regex(judge(pod())[0] ?? '', /asks for a CMK sidecar and has none/);
  t.regex(judge(pod({ initContainers: [RECORDER] }))[0] ?? '', /asks for a CMK sidecar and has none/);
  t.regex(judge(pod({}, { inject: ' true' }))[0] ?? '', /asks for a CMK sidecar and has none/);
});

test('a pod in which another container holds the identity is refused, under whatever name', (t) => {
  const byName = changed(({ containers }) => containers[0]?.volumeMounts?.push(...steal('cmk-identity')));
  t.deepEqual(judge(byName), [ALONE]);
  const volumes = [{ name: 'mine', csi: { driver: DRIVER } }];
  const byDriver = changed((spec) => {
    spec.volumes?.push(...volumes);
    spec.initContainers?.push({ ...RECORDER, name: 'first', volumeMounts: steal('mine') });
  });
  t.deepEqual(judge(byDriver), [ALONE]);
  // One that asks for nothing.
  const quiet = { volumes, containers: [{ ...RECORDER, volumeMounts: steal('mine') }] };
  t.deepEqual(judge(pod(quiet, { inject: null })), [ALONE]);
  // It was there before the policy, and must be able to end.
  t.deepEqual(judge(byName, byName), []);
});

test('a sidecar that the injector has not looked at is refused', (t) => {
  const sidecar = { name: 'cmk-sidecar', image: 'evil.example/x:1', volumeMounts: steal('mine') };
  const volumes = [{ name: 'mine', csi: { driver: DRIVER } }];
  for (const inject of [null, 'false'])
    t.regex(
      judge(pod({ volumes, containers: [RECORDER, sidecar] }, { inject }))[0] ?? '',
      /injector has not looked at it/,
    );
});

test('the sidecar’s image stays as it was', (t) => {
  const before = injected(pod());
  const after = changed(({ initContainers: [sidecar] = [] }) => {
    if (sidecar) sidecar.image = 'evil.example/x:1';
  });
  t.deepEqual(judge(after, before), ['the image of the CMK sidecar is set when its pod is created']);
});

test('nobody sees the sidecar’s processes', (t) => {
  for (const field of ['shareProcessNamespace', 'hostPID'] as const)
    t.regex(judge(changed((spec) => (spec[field] = true)))[0] ?? '', /could read the CMK sidecar's memory/);
});

test('containers for debugging see neither its identity nor its processes', (t) => {
  const before = injected(pod());
  const debugging = (more: Partial<EphemeralContainer>) =>
    changed((spec, { metadata }) => {
      spec.ephemeralContainers = [{ name: 'debugger', image: 'busybox', ...more }];
      // Whoever may add containers may change annotations too.
      if (metadata) metadata.annotations = {};
    });
  t.deepEqual(judge(debugging({ targetContainerName: 'recorder' }), before), []);
  t.deepEqual(judge(debugging({ targetContainerName: 'cmk-sidecar' }), before), [DEBUGGING]);
  t.deepEqual(judge(debugging({ volumeMounts: steal('cmk-identity') }), before), [DEBUGGING]);
});

test('pods that ask for none are none of its business', (t) => {
  t.deepEqual(judge(pod({}, { inject: null })), []);
  t.deepEqual(judge(pod({}, { inject: 'false' })), []);
  t.deepEqual(judge({ metadata: { name: 'plain' }, spec: { containers: [RECORDER] } }), []);
});
