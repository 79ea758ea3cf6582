import type { Container, Pod, PodSpec } from 'kubernetes-types/core/v1.js';
import type { InjectionSettings } from '../../../deploy/injector/config.ts';

/** The injector's settings in the golden files. */
export const SETTINGS: InjectionSettings = {
  image: `registry.example/cmk/sidecar@sha256:${'a'.repeat(64)}`,
  mode: 'native',
  brokerAddress: 'broker.cmk.svc:8443',
  brokerSpiffeId: 'spiffe://cmk.example/ns/cmk/sa/broker',
  tracesUrl: null,
  tracesRatio: 0.01,
};
export const LEGACY: InjectionSettings = { ...SETTINGS, mode: 'legacy' };

export const RECORDER: Container = { name: 'recorder', image: 'registry.example/recorder:1' };

/** A pod that asks for a sidecar. @param annotations without their prefix; null leaves one out */
export function pod(
  spec: Partial<PodSpec> = {},
  annotations: Readonly<Record<string, string | null>> = {},
): Pod & { apiVersion: 'v1'; kind: 'Pod' } {
  const all = Object.entries<string | null>({ inject: 'true', service: '0001', ...annotations });
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: 'recorder-',
      annotations: Object.fromEntries(
        all.flatMap(([name, value]) => (value === null ? [] : [[`cmk.zoom.us/${name}`, value]])),
      ),
    },
    spec: { containers: [RECORDER], ...spec },
  };
}

export interface Case {
  readonly pod: Pod & { apiVersion: 'v1'; kind: 'Pod' };
  readonly settings?: InjectionSettings;
}

const uploader: Container = { name: 'uploader', image: 'registry.example/uploader:1' };
export const MIGRATION: Container = { name: 'migration', image: 'registry.example/migration:1' };

/** Pods that get a sidecar: the patch of each is in `golden/NAME.json`, which `CMK_WRITE_GOLDEN=1 npm test -- FILE` writes anew. */
export const PODS: Readonly<Record<string, Case>> = {
  bare: { pod: pod() },
  'init-containers': { pod: pod({ initContainers: [MIGRATION] }) },
  'served-init-container': {
    pod: pod({ initContainers: [MIGRATION] }, { containers: 'migration,recorder' }),
  },
  'existing-volumes': {
    pod: pod({
      volumes: [{ name: 'data', emptyDir: {} }],
      containers: [{ ...RECORDER, volumeMounts: [{ name: 'data', mountPath: '/data' }] }],
    }),
  },
  'empty-lists': {
    pod: pod({
      volumes: [],
      initContainers: [],
      securityContext: {},
      containers: [{ ...RECORDER, env: [], volumeMounts: [] }],
    }),
  },
  'several-containers': { pod: pod({ containers: [RECORDER, uploader] }) },
  'named-container': { pod: pod({ containers: [uploader, RECORDER] }, { containers: 'recorder' }) },
  'existing-variables': {
    pod: pod({ containers: [{ ...RECORDER, env: [{ name: 'REGION', value: 'eu' }] }] }),
  },
  'own-address': {
    pod: pod({
      containers: [{ ...RECORDER, env: [{ name: 'CMK_SIDECAR', value: 'unix:/elsewhere.sock' }] }],
    }),
  },
  'existing-labels': {
    pod: {
      ...pod(),
      metadata: { ...pod().metadata, labels: { app: 'recorder', 'cmk.zoom.us/service': '0001' } },
    },
  },
  'own-groups': {
    pod: pod({ securityContext: { fsGroup: 2000, supplementalGroups: [3000], runAsNonRoot: true } }),
  },
  job: { pod: pod({ restartPolicy: 'Never' }) },
  'host-network': { pod: pod({ hostNetwork: true }) },
  tcp: { pod: pod({}, { listen: 'tcp' }) },
  resources: {
    pod: pod({}, { resources: '{"requests":{"cpu":"1","memory":"1Gi"},"limits":{"memory":"1Gi"}}' }),
  },
  'image-of-another-version': { pod: pod({}, { image: 'registry.example/cmk/sidecar:1.5.0-rc.1' }) },
  'log-level-and-port': { pod: pod({}, { 'log-level': 'debug', 'status-port': '19090' }) },
  'another-sidecar': {
    pod: pod({
      initContainers: [{ name: 'mesh-proxy', image: 'registry.example/mesh:1', restartPolicy: 'Always' }],
    }),
  },
  restricted: {
    pod: pod({
      serviceAccountName: 'recorder',
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 120,
      securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
    }),
  },
  legacy: { pod: pod(), settings: LEGACY },
  'legacy-several-containers': {
    pod: pod({ containers: [RECORDER, uploader], initContainers: [MIGRATION] }),
    settings: LEGACY,
  },
  'legacy-tcp': { pod: pod({}, { listen: 'tcp' }), settings: LEGACY },
};
