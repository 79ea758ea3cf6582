import test from 'ava';
import { MalformedReview, review } from '../../../deploy/injector/admission.ts';
import { reviewOf } from '../../support/injector-world.ts';
import { pod, SETTINGS } from './pods.ts';

test('a pod that asks is allowed with a patch, in a dry run as well', (t) => {
  for (const dryRun of [false, true]) {
    const { outcome, answer } = review(reviewOf(pod(), { dryRun }), SETTINGS);
    t.is(outcome, 'INJECTED');
    const { patch = '', ...rest } = answer.response;
    t.deepEqual(rest, {
      uid: 'u',
      allowed: true,
      patchType: 'JSONPatch',
    });
    t.is((JSON.parse(Buffer.from(patch, 'base64').toString()) as { op: string }[])[0]?.op, 'add');
  }
});

test('a pod that cannot have what it asks for is refused, and told why', (t) => {
  const { outcome, answer } = review(reviewOf(pod({}, { service: null })), SETTINGS);
  t.is(outcome, 'REFUSED');
  t.is(answer.response.allowed, false);
  t.is(answer.response.patch, undefined);
  t.is(answer.response.status?.code, 422);
  t.regex(answer.response.status?.message ?? '', /no sidecar can be injected: .*cmk\.zoom\.us\/service/);
});

test('what is no new pod is allowed as it is', (t) => {
  const others = [
    reviewOf(pod({}, { inject: 'false' })),
    reviewOf(pod(), { operation: 'UPDATE' }),
    reviewOf(pod(), { subResource: 'ephemeralcontainers' }),
    reviewOf(pod(), { kind: { group: 'apps', version: 'v1', kind: 'Deployment' } }),
    reviewOf(null, { operation: 'DELETE' }),
  ];
  for (const body of others) {
    const { outcome, answer } = review(body, SETTINGS);
    t.is(outcome, 'NOT_WANTED');
    t.deepEqual(answer.response, { uid: 'u', allowed: true });
  }
});

test('a malformed pod is refused', (t) => {
  for (const spec of [undefined, null, {}, { containers: null }, { containers: 'x' }]) {
    const { answer } = review(reviewOf({ ...pod(), spec }), SETTINGS);
    t.is(answer.response.allowed, false, JSON.stringify(spec));
  }
});

test('what is no review is malformed', (t) => {
  const bodies = [
    null,
    [],
    'x',
    {},
    { apiVersion: 'admission.k8s.io/v1beta1', kind: 'AdmissionReview', request: { uid: 'x' } },
    { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview' },
    { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request: { uid: 1 } },
  ];
  for (const body of bodies)
    t.throws(() => review(body, SETTINGS), { instanceOf: MalformedReview }, JSON.stringify(body));
});
