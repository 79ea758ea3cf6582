import test from 'ava';
import type { Deployment } from 'kubernetes-types/apps/v1.js';
import type { HorizontalPodAutoscaler } from 'kubernetes-types/autoscaling/v2.js';
import type { NetworkPolicy } from 'kubernetes-types/networking/v1.js';
import type { PodDisruptionBudget } from 'kubernetes-types/policy/v1.js';
import type { Role, RoleBinding } from 'kubernetes-types/rbac/v1.js';
import { parseSmtpUrl } from '../../../broker/alerts/smtp-url.ts';
import { injectSidecar } from '../../../deploy/injector/inject.ts';
import type { Certificate } from '../../support/custom-resources.ts';
import {
  ofKind,
  OVERLAY_NAMES,
  rendered,
  RENDERED_NAMES,
  variablesOf,
  workloads,
  type Manifest,
} from '../../support/manifests.ts';
import { SETTINGS } from '../injector/pods.ts';

const DRIVER = 'spiffe.csi.cert-manager.io';
const production = rendered('production');

/** Whether a service account may ask for identities, which the driver does in its name. */
function mayAsk(manifests: readonly Manifest[], namespace: string | undefined, account: string): boolean {
  const isIts = ({ metadata }: Manifest) => metadata.namespace === namespace;
  const roles = ofKind<Role>(manifests, 'Role').filter(isIts);
  return ofKind<RoleBinding>(manifests, 'RoleBinding')
    .filter(isIts)
    .filter(({ subjects = [] }) =>
      subjects.some((each) => each.name === account && each.namespace === namespace),
    )
    .flatMap(({ roleRef }) => roles.filter(({ metadata }) => metadata.name === roleRef.name))
    .flatMap(({ rules = [] }) => rules)
    .some(
      ({ apiGroups, resources, verbs }) =>
        apiGroups?.includes('cert-manager.io') &&
        resources?.includes('certificaterequests') &&
        verbs.includes('create'),
    );
}

for (const name of RENDERED_NAMES) {
  test(`${name}: service accounts of pods with an identity may ask for it, and for nothing else`, (t) => {
    const manifests = rendered(name);
    for (const { metadata, spec } of workloads(manifests)) {
      const { template } = spec;
      const patch = JSON.stringify(injectSidecar({ ...template }, SETTINGS));
      const hasIdentity =
        patch.includes(DRIVER) || template.spec?.volumes?.some(({ csi }) => csi?.driver === DRIVER) === true;
      const account = template.spec?.serviceAccountName ?? 'default';
      t.is(mayAsk(manifests, metadata.namespace, account), hasIdentity, metadata.name);
    }
    for (const { rules } of ofKind<Role>(manifests, 'Role'))
      t.deepEqual(rules, [
        { apiGroups: ['cert-manager.io'], resources: ['certificaterequests'], verbs: ['create'] },
      ]);
  });
}

test('what is scaled by the autoscaler says no number of its own, which each upgrade would go back to', (t) => {
  for (const { spec } of ofKind<HorizontalPodAutoscaler>(production, 'HorizontalPodAutoscaler')) {
    const scaled = ofKind<Deployment>(production, 'Deployment').find(
      ({ metadata }) => metadata.name === spec?.scaleTargetRef.name,
    );
    t.truthy(scaled);
    t.is(scaled?.spec?.replicas, undefined);
  }
});

test('production: a node that is cordoned or gone does not keep pods from the others', (t) => {
  for (const { metadata, spec } of workloads(production))
    for (const each of spec.template.spec?.topologySpreadConstraints ?? [])
      if (each.whenUnsatisfiable === 'DoNotSchedule')
        t.is(each.nodeTaintsPolicy, 'Honor', `${metadata.name} ${each.topologyKey}`);
});

for (const name of OVERLAY_NAMES) {
  test(`${name}: nodes can be drained, however many pods there are and even when none is well`, (t) => {
    const budgets = ofKind<PodDisruptionBudget>(rendered(name), 'PodDisruptionBudget');
    t.true(budgets.length > 0);
    for (const { metadata, spec } of budgets) {
      t.is(spec?.maxUnavailable, 1, metadata.name);
      t.is(spec?.unhealthyPodEvictionPolicy, 'AlwaysAllow', metadata.name);
    }
  });

  test(`${name}: authorities keep their keys when they are renewed, so that what they signed stays valid`, (t) => {
    const authorities = ofKind<Certificate>(rendered(name), 'Certificate').filter(({ spec }) => spec.isCA);
    t.is(authorities.length, 2);
    for (const { metadata, spec } of authorities)
      t.is(spec.privateKey?.rotationPolicy, 'Never', metadata.name);
  });
}

test('production: mail can leave by the ports that URLs of mail servers have of themselves', (t) => {
  const ports = ofKind<NetworkPolicy>(production, 'NetworkPolicy')
    .filter(({ metadata }) => metadata.name === 'broker-private')
    .flatMap(({ spec }) => spec?.egress ?? [])
    .flatMap((rule) => rule.ports ?? [])
    .map(({ port }) => port);
  for (const url of ['smtps://mail.example', 'smtp://mail.example'])
    t.true(ports.includes(parseSmtpUrl(url)?.port), url);
});

test('production: behind the ingress each caller has an address of their own, and webhooks are signed', (t) => {
  const env = variablesOf(production, 'broker');
  t.truthy(env['CMK_TRUSTED_PROXIES']);
  t.true('CMK_WEBHOOK_KEY' in env);
});
