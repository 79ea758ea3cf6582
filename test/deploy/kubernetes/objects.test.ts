import test from 'ava';
import type { Service } from 'kubernetes-types/core/v1.js';
import type { LabelSelector } from 'kubernetes-types/meta/v1.js';
import type { NetworkPolicy } from 'kubernetes-types/networking/v1.js';
import type { PodDisruptionBudget } from 'kubernetes-types/policy/v1.js';
import type { Certificate, ServiceMonitor } from '../../support/custom-resources.ts';
import { schemaProblems } from '../../support/kubernetes-schema.ts';
import {
  containersOf,
  hasPort,
  ofKind,
  OVERLAY_NAMES,
  rendered,
  RENDERED_NAMES,
  selects,
  workloads,
  type Manifest,
} from '../../support/manifests.ts';

/** Made by whoever installs, of these keys; docs/deploying.md says how. */
const SECRETS: Readonly<Record<string, readonly string[]>> = {
  'broker-secrets': ['admin-token', 'database-url', 'oidc-client-secret', 'smtp-url', 'webhook-key'],
  'migrate-secrets': ['database-url'],
};

const idOf = ({ kind, metadata }: Manifest) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`;

/** Templates of a namespace's pods that a selector chooses. */
function chosenBy(selector: LabelSelector, namespace: string | undefined, manifests: readonly Manifest[]) {
  return workloads(manifests)
    .filter(({ metadata }) => metadata.namespace === namespace)
    .map(({ spec }) => spec.template)
    .filter(({ metadata }) => selects(selector, metadata?.labels));
}

test('Kubernetes’ schema has nothing against any object, and none is there twice', (t) => {
  const named = RENDERED_NAMES.flatMap((name) =>
    rendered(name).map((each) => [`${name}: ${idOf(each)}`, each] as const),
  );
  const objects = Object.fromEntries(named);
  t.is(Object.keys(objects).length, named.length);
  t.deepEqual(schemaProblems(objects), []);
});

for (const name of RENDERED_NAMES) {
  const manifests = rendered(name);

  test(`${name}: pods meet the restricted Pod Security Standard, and have requests and a limit of memory`, (t) => {
    for (const { metadata, spec } of workloads(manifests)) {
      const pod = spec.template.spec;
      t.is(pod?.securityContext?.runAsNonRoot, true, metadata.name);
      t.is(pod?.securityContext?.seccompProfile?.type, 'RuntimeDefault', metadata.name);
      t.is(pod?.automountServiceAccountToken, false, metadata.name);
      for (const { securityContext, resources, image = '' } of containersOf(spec.template)) {
        t.is(securityContext?.allowPrivilegeEscalation, false, metadata.name);
        t.is(securityContext?.readOnlyRootFilesystem, true, metadata.name);
        t.deepEqual(securityContext?.capabilities, { drop: ['ALL'] }, metadata.name);
        t.truthy(
          resources?.requests?.['cpu'] && resources.requests['memory'] && resources.limits?.['memory'],
        );
        t.regex(image, /:(?!latest)[\w.-]+$/, metadata.name);
      }
    }
  });

  const exists = (kind: string, namespace: string | undefined, wanted = '') =>
    manifests.some(
      ({ kind: its, metadata }) =>
        its === kind && metadata.namespace === namespace && metadata.name === wanted,
    );
  const secretKeys = (namespace: string | undefined, wanted = '') =>
    ofKind<Certificate>(manifests, 'Certificate').some(
      ({ metadata, spec }) => metadata.namespace === namespace && spec.secretName === wanted,
    )
      ? ['tls.crt', 'tls.key', 'ca.crt']
      : (SECRETS[wanted] ?? []);

  test(`${name}: accounts and volumes of pods are there`, (t) => {
    for (const { metadata, spec } of workloads(manifests)) {
      const { namespace } = metadata;
      const { serviceAccountName, volumes = [] } = spec.template.spec ?? {};
      t.true(exists('ServiceAccount', namespace, serviceAccountName), metadata.name);
      for (const { name: volume, configMap, secret, persistentVolumeClaim: claim } of volumes) {
        if (configMap) t.true(exists('ConfigMap', namespace, configMap.name), volume);
        if (claim) t.true(exists('PersistentVolumeClaim', namespace, claim.claimName), volume);
        if (!secret) continue;
        const keys = secretKeys(namespace, secret.secretName);
        t.true(keys.length > 0, volume);
        for (const { key } of secret.items ?? []) t.true(keys.includes(key), `${volume}: ${key}`);
      }
    }
  });

  test(`${name}: what containers mount, and secrets that they read, are there`, (t) => {
    const missing = workloads(manifests).flatMap(({ spec: { template } }) => {
      const volumes = template.spec?.volumes?.map((volume) => volume.name) ?? [];
      return containersOf(template).flatMap(({ volumeMounts = [], env = [] }) => [
        ...volumeMounts.filter((mount) => !volumes.includes(mount.name)),
        ...env.filter(({ valueFrom }) => {
          const { name: secret = '', key = '' } = valueFrom?.secretKeyRef ?? {};
          return valueFrom && !SECRETS[secret]?.includes(key);
        }),
      ]);
    });
    t.deepEqual(missing, []);
  });
}

for (const name of OVERLAY_NAMES) {
  const manifests = rendered(name);

  test(`${name}: services select pods of one kind, and ports that they have`, (t) => {
    for (const { metadata, spec } of ofKind<Service>(manifests, 'Service')) {
      const selector = { matchLabels: spec?.selector ?? {} };
      const chosen = chosenBy(selector, metadata.namespace, manifests);
      t.is(chosen.length, 1, metadata.name);
      for (const { targetPort } of spec?.ports ?? [])
        t.true(
          chosen.every((template) => hasPort(template, targetPort)),
          `${metadata.name} ${targetPort}`,
        );
    }
  });

  test(`${name}: network policies select pods that are there, and ports that they have`, (t) => {
    for (const { metadata, spec } of ofKind<NetworkPolicy>(manifests, 'NetworkPolicy')) {
      const chosen = chosenBy(spec?.podSelector ?? {}, metadata.namespace, manifests);
      t.true(chosen.length > 0, metadata.name);
      for (const { port } of (spec?.ingress ?? []).flatMap(({ ports = [] }) => ports))
        t.true(
          chosen.some((template) => hasPort(template, port)),
          `${metadata.name} ${port}`,
        );
    }
  });

  test(`${name}: budgets select pods of one kind`, (t) => {
    for (const { metadata, spec } of ofKind<PodDisruptionBudget>(manifests, 'PodDisruptionBudget'))
      t.is(chosenBy(spec?.selector ?? {}, metadata.namespace, manifests).length, 1, metadata.name);
  });
}

test('production: monitors find each pod once', (t) => {
  const production = rendered('production');
  for (const { metadata, spec } of ofKind<ServiceMonitor>(production, 'ServiceMonitor')) {
    const services = ofKind<Service>(production, 'Service').filter(
      (service) =>
        selects(spec.selector, service.metadata.labels) && service.metadata.namespace === metadata.namespace,
    );
    const ports = services.flatMap((service) => service.spec?.ports?.map(({ name }) => name) ?? []);
    // Of the broker's two services one has the port.
    for (const { port } of spec.endpoints)
      t.is(ports.filter((each) => each === port).length, 1, metadata.name);
  }
});
