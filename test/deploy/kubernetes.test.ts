import { readFileSync } from 'node:fs';
import test from 'ava';
import type { MutatingWebhookConfiguration } from 'kubernetes-types/admissionregistration/v1.js';
import type { HorizontalPodAutoscaler } from 'kubernetes-types/autoscaling/v2.js';
import type { ConfigMap, Container, PodTemplateSpec, Service } from 'kubernetes-types/core/v1.js';
import type { NetworkPolicy } from 'kubernetes-types/networking/v1.js';
import { readBrokerConfig } from '../../broker/config.ts';
import { parseCatalogue } from '../../broker/model/catalogue.ts';
import { STORE_SETTINGS } from '../../broker/store/config.ts';
import { readInjectorConfig } from '../../deploy/injector/config.ts';
import { injectSidecar } from '../../deploy/injector/inject.ts';
import { JOBS } from '../../deploy/prometheus/rule.ts';
import { readConfig } from '../../runtime/config.ts';
import type { Certificate, PodMonitor, PrometheusRule, ServiceMonitor } from '../support/custom-resources.ts';
import { type RENDERED, renderedFile } from '../../scripts/render-kubernetes.ts';
import { schemaProblems } from '../support/kubernetes-schema.ts';
import { ofKind, parseManifests, selects, workloads, type Manifest } from '../support/manifests.ts';

/** Made by whoever installs, of these keys; docs/deploying.md says how. */
const SECRETS: Readonly<Record<string, readonly string[]>> = {
  'broker-secrets': ['admin-token', 'database-url', 'oidc-client-secret', 'smtp-url', 'webhook-key'],
  'migrate-secrets': ['database-url'],
};
const rendered = (name: keyof typeof RENDERED) => parseManifests(readFileSync(renderedFile(name), 'utf8'));
const EXAMPLE = rendered('example');
const OVERLAYS = { sandbox: rendered('sandbox'), production: rendered('production') };
const ALL = Object.entries({ ...OVERLAYS, example: EXAMPLE });

const idOf = ({ kind, metadata }: Manifest) => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`;
const templatesIn = (manifests: readonly Manifest[], namespace = '') =>
  workloads(manifests)
    .filter(({ metadata }) => metadata.namespace === namespace)
    .map(({ spec }) => spec.template);
const labelsOf = ({ metadata }: PodTemplateSpec) => metadata?.labels ?? {};
const containersOf = ({ spec }: PodTemplateSpec): Container[] => [
  ...(spec?.containers ?? []),
  ...(spec?.initContainers ?? []),
];
const hasPort = (template: PodTemplateSpec, port: number | string | undefined) =>
  containersOf(template).some(({ ports = [] }) =>
    ports.some(({ name, containerPort }) => name === port || containerPort === port),
  );

test('Kubernetes’ schema has nothing against any object, and none is there twice', (t) => {
  const objects = Object.fromEntries(
    ALL.flatMap(([name, manifests]) => manifests.map((each) => [`${name}: ${idOf(each)}`, each])),
  );
  t.is(Object.keys(objects).length, ALL.flatMap(([, manifests]) => manifests).length);
  t.deepEqual(schemaProblems(objects), []);
});

for (const [name, manifests] of ALL) {
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

  test(`${name}: what pods refer to is there`, (t) => {
    const exists = (kind: string, namespace: string | undefined, wanted: string) =>
      manifests.some(
        (each) =>
          each.kind === kind && each.metadata.namespace === namespace && each.metadata.name === wanted,
      );
    const certificates = ofKind<Certificate>(manifests, 'Certificate');
    const secretKeys = (namespace: string | undefined, wanted: string) =>
      certificates.some(
        ({ metadata, spec }) => metadata.namespace === namespace && spec.secretName === wanted,
      )
        ? ['tls.crt', 'tls.key', 'ca.crt']
        : SECRETS[wanted];
    for (const { metadata, spec } of workloads(manifests)) {
      const { namespace, name: workload } = metadata;
      const pod = spec.template.spec;
      t.true(exists('ServiceAccount', namespace, pod?.serviceAccountName ?? ''), workload);
      for (const { name: volume, configMap, secret, persistentVolumeClaim } of pod?.volumes ?? []) {
        if (configMap) t.true(exists('ConfigMap', namespace, configMap.name ?? ''), volume);
        if (persistentVolumeClaim)
          t.true(exists('PersistentVolumeClaim', namespace, persistentVolumeClaim.claimName), volume);
        if (!secret) continue;
        const keys = secretKeys(namespace, secret.secretName ?? '') ?? [];
        t.true(keys.length > 0, `${workload}: secret ${secret.secretName}`);
        for (const { key } of secret.items ?? []) t.true(keys.includes(key), `${workload}: ${key}`);
      }
      for (const { volumeMounts = [], env = [] } of containersOf(spec.template)) {
        for (const mount of volumeMounts)
          t.true(
            pod?.volumes?.some((volume) => volume.name === mount.name),
            `${workload}: ${mount.name}`,
          );
        for (const { valueFrom } of env) {
          if (!valueFrom) continue;
          const { name: secret = '', key } = valueFrom.secretKeyRef ?? { key: '' };
          t.true(SECRETS[secret]?.includes(key), `${workload}: ${secret} ${key}`);
        }
      }
    }
  });

  if (name === 'example') continue;

  test(`${name}: services, budgets, monitors and policies select pods that are there, and ports that they have`, (t) => {
    for (const { metadata, spec } of ofKind<Service>(manifests, 'Service')) {
      const chosen = templatesIn(manifests, metadata.namespace).filter((template) =>
        selects({ matchLabels: spec?.selector ?? {} }, labelsOf(template)),
      );
      t.is(chosen.length, 1, metadata.name);
      for (const { targetPort } of spec?.ports ?? [])
        t.true(
          chosen.every((template) => hasPort(template, targetPort)),
          `${metadata.name} ${targetPort}`,
        );
    }
    for (const { metadata, spec } of ofKind<NetworkPolicy>(manifests, 'NetworkPolicy')) {
      const chosen = templatesIn(manifests, metadata.namespace).filter((template) =>
        selects(spec?.podSelector ?? {}, labelsOf(template)),
      );
      t.true(chosen.length > 0, metadata.name);
      for (const { ports = [] } of spec?.ingress ?? [])
        for (const { port } of ports)
          t.true(
            chosen.some((template) => hasPort(template, port)),
            `${metadata.name} ${port}`,
          );
    }
    for (const { metadata, spec } of ofKind<ServiceMonitor>(manifests, 'ServiceMonitor')) {
      const services = ofKind<Service>(manifests, 'Service').filter(
        (service) =>
          selects(spec.selector, service.metadata.labels) &&
          service.metadata.namespace === metadata.namespace,
      );
      const ports = services.flatMap((service) => service.spec?.ports?.map((port) => port.name) ?? []);
      // Each pod once: of the broker's two services one has the port.
      for (const { port } of spec.endpoints)
        t.is(ports.filter((each) => each === port).length, 1, metadata.name);
    }
    const budgets = manifests.filter(({ kind }) => kind === 'PodDisruptionBudget') as NetworkPolicy[];
    for (const { metadata, spec } of budgets) {
      const selector = (spec as unknown as { selector: object }).selector;
      const chosen = templatesIn(manifests, metadata?.namespace).filter((template) =>
        selects(selector, labelsOf(template)),
      );
      t.is(chosen.length, 1, metadata?.name);
    }
  });
}

/** A container's variables, those of secrets with a value that such a secret may have. */
function environment(manifests: readonly Manifest[], deployment: string): Record<string, string> {
  const found = workloads(manifests).find(({ metadata }) => metadata.name === deployment);
  const values: Record<string, string> = {
    'database-url': 'postgres://cmk:secret@postgres.example/cmk?sslmode=verify-full',
    'oidc-client-secret': 'a-client-secret-for-the-portal',
    'smtp-url': 'smtps://cmk:secret@mail.example',
    'webhook-key': 'what-the-secrets-of-webhooks-are-made-of',
  };
  const env = found?.spec.template.spec?.containers[0]?.env ?? [];
  return Object.fromEntries(
    env.map(({ name, value, valueFrom }) => [
      name,
      value ?? values[valueFrom?.secretKeyRef?.key ?? ''] ?? '',
    ]),
  );
}

for (const [name, manifests] of Object.entries(OVERLAYS)) {
  test(`${name}: the processes can be started with what they are given`, (t) => {
    const { CMK_CATALOGUE, CMK_ADMIN_TOKEN_FILE, ...broker } = environment(manifests, 'broker');
    t.truthy(CMK_CATALOGUE && CMK_ADMIN_TOKEN_FILE);
    const config = readBrokerConfig({ ...broker, CMK_ADMIN_TOKEN: 'x'.repeat(32) });
    const injector = readInjectorConfig(environment(manifests, 'injector'));

    // Names that neither knows would be left out silently.
    const known = readFileSync('docs/configuration.md', 'utf8');
    for (const variable of Object.keys({ ...broker, ...environment(manifests, 'injector') }))
      t.true(known.includes(`\`${variable}\``), variable);
    const deployment = workloads(manifests).find(({ metadata }) => metadata.name === 'broker');
    const account = deployment?.spec.template.spec?.serviceAccountName;
    t.is(injector.brokerSpiffeId, `spiffe://${config.trustDomain}/ns/cmk/sa/${account}`);
    const [host, port] = injector.brokerAddress.split(':');
    const service = ofKind<Service>(manifests, 'Service').find(
      ({ metadata }) => host === `${metadata.name}.${metadata.namespace}.svc.cluster.local`,
    );
    t.is(service?.spec?.clusterIP, 'None');
    t.true(service?.spec?.ports?.some((each) => String(each.port) === port && each.port === config.grpcPort));
    t.true(deployment && hasPort(deployment.spec.template, config.adminPort));
    t.true(deployment && hasPort(deployment.spec.template, config.statusPort));
  });

  test(`${name}: the webhook finds its service, by a name in its certificate`, (t) => {
    const [webhook] = ofKind<MutatingWebhookConfiguration>(manifests, 'MutatingWebhookConfiguration');
    const { service } = webhook?.webhooks?.[0]?.clientConfig ?? {};
    const target = ofKind<Service>(manifests, 'Service').find(
      ({ metadata }) => metadata.name === service?.name && metadata.namespace === service.namespace,
    );
    t.true(target?.spec?.ports?.some(({ port }) => port === service?.port));
    const source = webhook?.metadata.annotations?.['cert-manager.io/inject-ca-from'];
    const certificate = ofKind<Certificate>(manifests, 'Certificate').find(
      ({ metadata }) => `${metadata.namespace}/${metadata.name}` === source,
    );
    t.true(certificate?.spec.dnsNames?.includes(`${service?.name}.${service?.namespace}.svc`));
  });

  test(`${name}: the example’s pods get a sidecar, which the broker knows and lets in`, (t) => {
    const template = templatesIn(EXAMPLE, 'recorder')[0];
    const injector = readInjectorConfig(environment(manifests, 'injector'));
    const patch = injectSidecar({ metadata: template?.metadata ?? {}, ...template }, injector);
    t.true((patch?.length ?? 0) > 0);
    const sidecar = JSON.stringify(patch);
    t.true(sidecar.includes('"cmk-sidecar"'));

    const [webhook] = ofKind<MutatingWebhookConfiguration>(manifests, 'MutatingWebhookConfiguration');
    const namespace = EXAMPLE.find(({ kind }) => kind === 'Namespace');
    const labels = { ...namespace?.metadata.labels, 'kubernetes.io/metadata.name': 'recorder' };
    t.true(selects(webhook?.webhooks?.[0]?.namespaceSelector ?? {}, labels));
    t.false(
      selects(webhook?.webhooks?.[0]?.namespaceSelector ?? {}, {
        ...labels,
        'kubernetes.io/metadata.name': 'cmk',
      }),
    );
    const broker = ofKind<NetworkPolicy>(manifests, 'NetworkPolicy').find(
      ({ metadata }) => metadata.name === 'broker',
    );
    const peers = broker?.spec?.ingress?.find(({ ports }) => ports?.[0]?.port === 'grpc')?.from ?? [];
    t.true(peers.some(({ namespaceSelector }) => namespaceSelector && selects(namespaceSelector, labels)));

    const [catalogue] = ofKind<ConfigMap>(manifests, 'ConfigMap');
    const { callers } = parseCatalogue(catalogue?.data?.['catalogue.json'] ?? '');
    const service = template?.metadata?.annotations?.['cmk.zoom.us/service'] ?? '';
    t.true(callers[`/ns/recorder/sa/${template?.spec?.serviceAccountName}`]?.includes(service));
  });
}

test('production: migrations run with their own right to the database, and the autoscaler has a target', (t) => {
  const { production } = OVERLAYS;
  t.notThrows(() => readConfig(STORE_SETTINGS, environment(production, 'migrate')));
  const [autoscaler] = ofKind<HorizontalPodAutoscaler>(production, 'HorizontalPodAutoscaler');
  const { kind = '', name = '' } = autoscaler?.spec?.scaleTargetRef ?? {};
  t.true(production.some((each) => each.kind === kind && each.metadata.name === name));
});

test('production: sidecars are scraped by the label and the port that the injector gives them', (t) => {
  const [monitor] = ofKind<PodMonitor>(OVERLAYS.production, 'PodMonitor');
  const template = templatesIn(EXAMPLE, 'recorder')[0];
  const injector = readInjectorConfig(environment(OVERLAYS.production, 'injector'));
  const patch = JSON.stringify(injectSidecar({ ...template }, injector));
  const [key] = monitor?.spec.selector.matchExpressions?.map((each) => each.key) ?? [];
  t.true(patch.includes(`{"${key}":"0001"}`) || patch.includes(`${key?.replace('/', '~1')}`));
  t.true(patch.includes(`"name":"${monitor?.spec.podMetricsEndpoints[0]?.port}"`));
});

test('production: what rules and dashboards call a job, monitors call so', (t) => {
  const monitors = [
    ...ofKind<ServiceMonitor>(OVERLAYS.production, 'ServiceMonitor').map(({ spec }) => spec.endpoints),
    ...ofKind<PodMonitor>(OVERLAYS.production, 'PodMonitor').map(({ spec }) => spec.podMetricsEndpoints),
  ];
  const jobs = monitors.flatMap((endpoints) =>
    endpoints.map(
      ({ relabelings = [] }) => relabelings.find(({ targetLabel }) => targetLabel === 'job')?.replacement,
    ),
  );
  t.deepEqual(jobs.sort(), Object.values(JOBS).sort());
});

test('production: the autoscaler’s metric is recorded, for each pod', (t) => {
  const [autoscaler] = ofKind<HorizontalPodAutoscaler>(OVERLAYS.production, 'HorizontalPodAutoscaler');
  const [rules] = ofKind<PrometheusRule>(OVERLAYS.production, 'PrometheusRule');
  const name = autoscaler?.spec?.metrics?.[0]?.pods?.metric.name;
  const rule = rules?.spec.groups.flatMap((group) => group.rules).find(({ record }) => record === name);
  t.regex(rule?.expr ?? '', /^sum by \(namespace, pod\)/);
});
