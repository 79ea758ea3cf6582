import { readFileSync } from 'node:fs';
import test from 'ava';
import type { MutatingWebhookConfiguration } from 'kubernetes-types/admissionregistration/v1.js';
import type { HorizontalPodAutoscaler } from 'kubernetes-types/autoscaling/v2.js';
import type { ConfigMap, Service } from 'kubernetes-types/core/v1.js';
import type { NetworkPolicy } from 'kubernetes-types/networking/v1.js';
import { readBrokerConfig } from '../../../broker/config.ts';
import { parseCatalogue } from '../../../broker/model/catalogue.ts';
import { STORE_SETTINGS } from '../../../broker/store/config.ts';
import { readInjectorConfig } from '../../../deploy/injector/config.ts';
import { injectSidecar } from '../../../deploy/injector/inject.ts';
import { JOBS } from '../../../deploy/prometheus/promql.ts';
import { readConfig } from '../../../runtime/config.ts';
import type {
  Certificate,
  PodMonitor,
  PrometheusRule,
  ServiceMonitor,
} from '../../support/custom-resources.ts';
import {
  hasPort,
  ofKind,
  OVERLAY_NAMES,
  rendered,
  selects,
  variablesOf,
  workloads,
} from '../../support/manifests.ts';

const PRODUCTION = rendered('production');
const EXAMPLE = rendered('example');
/** The pods of the example's only workload. */
const RECORDER = workloads(EXAMPLE)[0]?.spec.template;

for (const name of OVERLAY_NAMES) {
  const manifests = rendered(name);

  test(`${name}: the processes can be started with what they are given`, (t) => {
    const { CMK_CATALOGUE, CMK_ADMIN_TOKEN_FILE, ...broker } = variablesOf(manifests, 'broker');
    t.truthy(CMK_CATALOGUE && CMK_ADMIN_TOKEN_FILE);
    const config = readBrokerConfig({ ...broker, CMK_ADMIN_TOKEN: 'x'.repeat(32) });
    const injector = readInjectorConfig(variablesOf(manifests, 'injector'));

    // Names that neither knows would be left out silently.
    const known = readFileSync('docs/configuration.md', 'utf8');
    for (const variable of Object.keys({ ...broker, ...variablesOf(manifests, 'injector') }))
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
    const template = RECORDER;
    const injector = readInjectorConfig(variablesOf(manifests, 'injector'));
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
  t.notThrows(() => readConfig(STORE_SETTINGS, variablesOf(PRODUCTION, 'migrate')));
  const [autoscaler] = ofKind<HorizontalPodAutoscaler>(PRODUCTION, 'HorizontalPodAutoscaler');
  const { kind = '', name = '' } = autoscaler?.spec?.scaleTargetRef ?? {};
  t.true(PRODUCTION.some((each) => each.kind === kind && each.metadata.name === name));
});

test('production: sidecars are scraped by the label and the port that the injector gives them', (t) => {
  const [monitor] = ofKind<PodMonitor>(PRODUCTION, 'PodMonitor');
  const template = RECORDER;
  const injector = readInjectorConfig(variablesOf(PRODUCTION, 'injector'));
  const patch = JSON.stringify(injectSidecar({ ...template }, injector));
  const [key] = monitor?.spec.selector.matchExpressions?.map((each) => each.key) ?? [];
  t.true(patch.includes(`{"${key}":"0001"}`) || patch.includes(`${key?.replace('/', '~1')}`));
  t.true(patch.includes(`"name":"${monitor?.spec.podMetricsEndpoints[0]?.port}"`));
});

test('production: what rules and dashboards call a job, monitors call so', (t) => {
  const monitors = [
    ...ofKind<ServiceMonitor>(PRODUCTION, 'ServiceMonitor').map(({ spec }) => spec.endpoints),
    ...ofKind<PodMonitor>(PRODUCTION, 'PodMonitor').map(({ spec }) => spec.podMetricsEndpoints),
  ];
  const jobs = monitors.flatMap((endpoints) =>
    endpoints.map(
      ({ relabelings = [] }) => relabelings.find(({ targetLabel }) => targetLabel === 'job')?.replacement,
    ),
  );
  t.deepEqual(jobs.sort(), Object.values(JOBS).sort());
});

test('production: the autoscaler’s metric is recorded, for each pod', (t) => {
  const [autoscaler] = ofKind<HorizontalPodAutoscaler>(PRODUCTION, 'HorizontalPodAutoscaler');
  const [rules] = ofKind<PrometheusRule>(PRODUCTION, 'PrometheusRule');
  const name = autoscaler?.spec?.metrics?.[0]?.pods?.metric.name;
  const rule = rules?.spec.groups.flatMap((group) => group.rules).find(({ record }) => record === name);
  t.regex(rule?.expr ?? '', /^sum by \(namespace, pod\)/);
});
