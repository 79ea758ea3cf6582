import { readFileSync } from 'node:fs';
import { Environment } from '@marcbachmann/cel-js';
import test from 'ava';
import jsonPatch from 'fast-json-patch';
import type { ValidatingAdmissionPolicy } from 'kubernetes-types/admissionregistration/v1.js';
import type { Pod } from 'kubernetes-types/core/v1.js';
import { injectSidecar, type Addition } from '../../deploy/injector/inject.ts';
import { ofKind, parseManifests } from '../support/manifests.ts';
import { LEGACY, pod, RECORDER, SETTINGS } from './injector/pods.ts';

const FILE = 'deploy/kubernetes/base/admission/admission-policy.yaml';
const [policy] = ofKind<ValidatingAdmissionPolicy>(
  parseManifests(readFileSync(FILE, 'utf8')),
  'ValidatingAdmissionPolicy',
);
const environment = new Environment({ unlistedVariablesAreDyn: true });

/** @returns null: the policy does not concern it; else the messages of what it has against it */
function judge(object: Pod): string[] | null {
  const { matchConditions = [], variables = [], validations = [] } = policy?.spec ?? {};
  const evaluate = (expression: string, context: object): unknown =>
    environment.evaluate(expression, context);
  if (!matchConditions.every(({ expression }) => evaluate(expression, { object }) === true)) return null;
  const values = Object.fromEntries(
    variables.map(({ name, expression }) => [name, evaluate(expression, { object })]),
  );
  return validations
    .filter(({ expression }) => evaluate(expression, { object, variables: values }) !== true)
    .map(({ message }) => message ?? '');
}

function injected(original: Pod, settings = SETTINGS): Pod {
  const patch = structuredClone(injectSidecar(original, settings) ?? []) as Addition[];
  return jsonPatch.applyPatch(structuredClone(original), patch).newDocument;
}

test('pods with their sidecar pass, native and legacy', (t) => {
  t.deepEqual(judge(injected(pod())), []);
  t.deepEqual(judge(injected(pod(), LEGACY)), []);
  t.deepEqual(judge(injected(pod({ initContainers: [{ ...RECORDER, name: 'first' }] }))), []);
});

test('a pod that asks and has none is refused', (t) => {
  t.regex(judge(pod())?.[0] ?? '', /asks for a CMK sidecar and has none/);
  t.regex(judge(pod({ initContainers: [RECORDER] }))?.[0] ?? '', /asks for a CMK sidecar and has none/);
});

test('a pod in which another container holds the identity is refused', (t) => {
  const stolen = injected(pod());
  stolen.spec?.containers[0]?.volumeMounts?.push({ name: 'cmk-identity', mountPath: '/stolen' });
  t.deepEqual(judge(stolen), ["the volume cmk-identity is the CMK sidecar's alone"]);
});

test('pods that ask for none are none of its business', (t) => {
  t.is(judge(pod({}, { inject: null })), null);
  t.is(judge(pod({}, { inject: 'false' })), null);
  t.is(judge({ metadata: { name: 'plain' }, spec: { containers: [RECORDER] } }), null);
});
