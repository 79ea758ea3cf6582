import type { Container, EnvVar, Lifecycle, Volume, VolumeMount } from 'kubernetes-types/core/v1.js';
import type { InjectionSettings } from './config.ts';
import type { Wishes } from './annotations.ts';

/** By which a pod that has a sidecar is known. */
export const SIDECAR_NAME = 'cmk-sidecar';

/**
 * The sidecar's user and group. No other image has this group by chance, so that nobody but the containers that are
 * given the socket can reach it.
 */
export const SIDECAR_ID = 10_533;

const SOCKET_VOLUME = 'cmk-socket';
const IDENTITY_VOLUME = 'cmk-identity';
export const SOCKET_FOLDER = '/run/cmk';
/** Of the volume that the identity is in. */
export const IDENTITY_DRIVER = 'spiffe.csi.cert-manager.io';
const IDENTITY_FOLDER = '/var/run/secrets/spiffe.io';
const SOCKET = `unix:${SOCKET_FOLDER}/sidecar.sock`;
export const TCP_PORT = 7443;

/** Where the services of the pod find the sidecar. */
export function sidecarAddress({ listen }: Pick<Wishes, 'listen'>): string {
  return listen === 'uds' ? SOCKET : `127.0.0.1:${TCP_PORT}`;
}

/** What a container needs to call the sidecar. */
export const SOCKET_MOUNT: VolumeMount = { name: SOCKET_VOLUME, mountPath: SOCKET_FOLDER, readOnly: true };

/** The volumes of a pod with a sidecar. */
export function sidecarVolumes({ listen }: Pick<Wishes, 'listen'>): Volume[] {
  const identity: Volume = {
    name: IDENTITY_VOLUME,
    csi: {
      driver: IDENTITY_DRIVER,
      readOnly: true,
      volumeAttributes: { [`${IDENTITY_DRIVER}/fs-group`]: String(SIDECAR_ID) },
    },
  };
  const socket: Volume = { name: SOCKET_VOLUME, emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } };
  return listen === 'uds' ? [socket, identity] : [identity];
}

/** The sidecar's container. */
export function sidecarContainer(wishes: Wishes, settings: InjectionSettings): Container {
  const { statusPort } = wishes;
  const native = settings.mode === 'native';
  const probe = (path: string) => ({ httpGet: { path, port: 'cmk-status' }, timeoutSeconds: 2 });
  const mounts: VolumeMount[] = [{ name: IDENTITY_VOLUME, mountPath: IDENTITY_FOLDER, readOnly: true }];
  if (wishes.listen === 'uds') mounts.push({ name: SOCKET_VOLUME, mountPath: SOCKET_FOLDER });
  return {
    name: SIDECAR_NAME,
    image: wishes.image ?? settings.image,
    ...(native && { restartPolicy: 'Always' }),
    env: environment(wishes, settings),
    ports: [{ name: 'cmk-status', containerPort: statusPort }],
    startupProbe: { ...probe('/ready'), periodSeconds: 1, failureThreshold: 60 },
    livenessProbe: { ...probe('/live'), periodSeconds: 10, failureThreshold: 3 },
    readinessProbe: { ...probe('/ready'), periodSeconds: 5 },
    resources: wishes.resources ?? {
      requests: { cpu: '50m', memory: '128Mi' },
      limits: { memory: '384Mi' },
    },
    securityContext: {
      runAsUser: SIDECAR_ID,
      runAsGroup: SIDECAR_ID,
      runAsNonRoot: true,
      readOnlyRootFilesystem: true,
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      seccompProfile: { type: 'RuntimeDefault' },
    },
    ...(!native && { lifecycle: legacyLifecycle(statusPort) }),
    volumeMounts: mounts,
  };
}

function environment(wishes: Wishes, settings: InjectionSettings): EnvVar[] {
  const values = {
    CMK_LISTEN: sidecarAddress(wishes),
    CMK_BROKER: settings.brokerAddress,
    CMK_BROKER_SPIFFE_ID: settings.brokerSpiffeId,
    CMK_TLS_CERT: `${IDENTITY_FOLDER}/tls.crt`,
    CMK_TLS_KEY: `${IDENTITY_FOLDER}/tls.key`,
    CMK_TLS_CA: `${IDENTITY_FOLDER}/ca.crt`,
    CMK_STATUS_PORT: String(wishes.statusPort),
    CMK_LOG_LEVEL: wishes.logLevel,
    ...(settings.tracesUrl !== null && {
      CMK_TRACES_URL: settings.tracesUrl,
      CMK_TRACES_RATIO: String(settings.tracesRatio),
    }),
    // The kubelet allows 30 s for everything, the waiting below included.
    ...(settings.mode === 'legacy' && { CMK_SHUTDOWN_GRACE: '15s' }),
  };
  return Object.entries(values).map(([name, value]) => ({ name, value }));
}

/**
 * The kubelet starts containers one after the other, each when the one before has done what it does after its start;
 * and tells all of them to stop at the same time, when the service may still have streams to begin.
 */
function legacyLifecycle(statusPort: number): Lifecycle {
  const run = (script: string) => ({ exec: { command: ['node', '--input-type=module', '--eval', script] } });
  return {
    postStart: run(
      `for (const end = Date.now() + 60_000; Date.now() < end; await new Promise((go) => setTimeout(go, 200))) ` +
        `if ((await fetch('http://127.0.0.1:${statusPort}/ready', { signal: AbortSignal.timeout(2000) }).catch(() => null))?.ok) process.exit(0); ` +
        `process.exit(1);`,
    ),
    preStop: run('setTimeout(() => {}, 8000)'),
  };
}
