import type { Container, PodSpec } from 'kubernetes-types/core/v1.js';
import { LEGACY, MIGRATION, pod, RECORDER, SETTINGS, type Case } from './pods.ts';

/** A pod that says that it was injected, with a sidecar of its own making. */
function claiming(sidecar: Partial<Container>, rest: Partial<PodSpec> = {}): Case['pod'] {
  const container: Container = {
    name: 'cmk-sidecar',
    image: SETTINGS.image,
    restartPolicy: 'Always',
    ...sidecar,
  };
  return pod({ initContainers: [container], ...rest }, { status: '{}' });
}

const mounting = (name: string, mountPath: string): Container => ({
  ...RECORDER,
  volumeMounts: [{ name, mountPath }],
});
const driver = 'spiffe.csi.cert-manager.io';

/** Pods that are refused, and what they are told. */
export const REFUSED: Readonly<Record<string, Case & { readonly says: RegExp }>> = {
  'inject is neither true nor false': {
    pod: pod({}, { inject: 'yes' }),
    says: /inject: expected true or false, got "yes"/,
  },
  'no service': { pod: pod({}, { service: null }), says: /service: expected .*, but it is not set/ },
  'service is no srvId': {
    pod: pod({}, { service: 'recorder' }),
    says: /service: expected .* four digits, got "recorder"/,
  },
  'listen is unknown': { pod: pod({}, { listen: 'unix' }), says: /listen: expected uds or tcp/ },
  'several problems at once': {
    pod: pod({}, { listen: 'x', service: '1' }),
    says: /service: .*; annotation .*listen: /,
  },
  'a container that is not there': { pod: pod({}, { containers: 'recoder' }), says: /no container recoder/ },
  'a container twice': {
    pod: pod({}, { containers: 'recorder,recorder' }),
    says: /containers: expected names/,
  },
  'containers is empty': { pod: pod({}, { containers: '' }), says: /containers: expected names/ },
  'resources is no JSON': { pod: pod({}, { resources: 'cpu=1' }), says: /resources: expected JSON/ },
  'resources names a device': {
    pod: pod({}, { resources: '{"limits":{"nvidia.com/gpu":"1"}}' }),
    says: /resources: expected JSON/,
  },
  'resources with a number': {
    pod: pod({}, { resources: '{"limits":{"cpu":1}}' }),
    says: /resources: expected JSON/,
  },
  'an image of another repository': {
    pod: pod({}, { image: 'evil.example/cmk/sidecar:1' }),
    says: /image: expected an image of registry.example\/cmk\/sidecar/,
  },
  'an image with a similar name': {
    pod: pod({}, { image: 'registry.example/cmk/sidecar-x:1' }),
    says: /image: expected an image of/,
  },
  'log level is unknown': {
    pod: pod({}, { 'log-level': 'verbose' }),
    says: /log-level: expected debug, info/,
  },
  'status port is privileged': {
    pod: pod({}, { 'status-port': '80' }),
    says: /status-port: expected port from 1024/,
  },
  'status port is taken': {
    pod: pod({ containers: [{ ...RECORDER, ports: [{ containerPort: 9090 }] }] }),
    says: /status-port: port 9090 is container recorder’s/,
  },
  'tcp port is taken': {
    pod: pod({ containers: [{ ...RECORDER, ports: [{ containerPort: 7443 }] }] }, { listen: 'tcp' }),
    says: /listen: port 7443 is container recorder’s; use uds/,
  },
  'tcp on the node’s network': {
    pod: pod({ hostNetwork: true }, { listen: 'tcp' }),
    says: /every process of the node/,
  },
  'the socket’s folder is taken': {
    pod: pod({
      volumes: [{ name: 'run', emptyDir: {} }],
      containers: [{ ...RECORDER, volumeMounts: [{ name: 'run', mountPath: '/run/cmk/' }] }],
    }),
    says: /\/run\/cmk of container recorder holds volume run/,
  },
  'a volume with the identity’s name': {
    pod: pod({ volumes: [{ name: 'cmk-identity', hostPath: { path: '/etc' } }] }),
    says: /the name cmk-identity is the sidecar’s/,
  },
  'a volume with the socket’s name': {
    pod: pod({ volumes: [{ name: 'cmk-socket', hostPath: { path: '/run' } }] }),
    says: /the name cmk-socket is the sidecar’s/,
  },
  'a container with the sidecar’s name': {
    pod: pod({ containers: [RECORDER, { name: 'cmk-sidecar', image: 'evil.example/x:1' }] }),
    says: /the name cmk-sidecar is the sidecar’s/,
  },
  'a sidecar of another image, in a pod that claims to be injected': {
    pod: claiming({ image: 'evil.example/x:1' }),
    says: /cmk-sidecar is not as injected: image evil\.example\/x:1/,
  },
  'a sidecar that runs another command': {
    pod: claiming({ command: ['node', '-e', '1'] }),
    says: /not as injected: command/,
  },
  'a sidecar with other arguments': { pod: claiming({ args: ['x'] }), says: /not as injected: args/ },
  'a sidecar that loads other code': {
    pod: claiming({ env: [{ name: 'NODE_OPTIONS', value: '--import=data:text/javascript,1' }] }),
    says: /not as injected: variable NODE_OPTIONS/,
  },
  'a sidecar with variables from elsewhere': {
    pod: claiming({ envFrom: [{ configMapRef: { name: 'evil' } }] }),
    says: /not as injected: envFrom/,
  },
  'a sidecar with a volume over its code': {
    pod: claiming({ volumeMounts: [{ name: 'evil', mountPath: '/cmk' }] }),
    says: /not as injected: a volume at \/cmk/,
  },
  'a sidecar with a volume over its identity': {
    pod: claiming({ volumeMounts: [{ name: 'evil', mountPath: '/var/run/secrets/spiffe.io' }] }),
    says: /not as injected: a volume at \/var\/run\/secrets\/spiffe\.io/,
  },
  'a sidecar that runs something when it starts': {
    pod: claiming({ lifecycle: { postStart: { exec: { command: ['node', '-e', '1'] } } } }),
    says: /not as injected: lifecycle/,
  },
  'a sidecar that runs something as a probe': {
    pod: claiming({ livenessProbe: { exec: { command: ['node', '-e', '1'] } } }),
    says: /not as injected: livenessProbe/,
  },
  'a sidecar that runs once': {
    pod: pod({ initContainers: [{ name: 'cmk-sidecar', image: SETTINGS.image }] }, { status: '{}' }),
    says: /not as injected: restartPolicy/,
  },
  'a native sidecar among the containers': {
    pod: pod(
      { containers: [RECORDER, { name: 'cmk-sidecar', image: SETTINGS.image, restartPolicy: 'Always' }] },
      { status: '{}' },
    ),
    says: /not as injected: it is in spec\.containers/,
  },
  'a container with the identity, whose volume the injector would add': {
    pod: pod({ containers: [mounting('cmk-identity', '/stolen')] }),
    says: /container recorder mounts cmk-identity, which is the sidecar’s alone/,
  },
  'an init container with the identity by another name': {
    pod: pod({
      volumes: [{ name: 'mine', csi: { driver } }],
      initContainers: [{ ...mounting('mine', '/stolen'), name: 'first' }],
    }),
    says: /container first mounts mine, which is the sidecar’s alone/,
  },
  'a container that could put another socket in its place': {
    pod: pod({ containers: [mounting('cmk-socket', '/run/cmk')] }),
    says: /container recorder mounts cmk-socket in its own way/,
  },
  'a container with the socket that is not named': {
    pod: pod(
      { containers: [RECORDER, { ...mounting('cmk-socket', '/run/cmk'), name: 'other' }] },
      { containers: 'recorder' },
    ),
    says: /container other mounts cmk-socket in its own way/,
  },
  'containers that see one another’s processes': {
    pod: pod({ shareProcessNamespace: true }),
    says: /shareProcessNamespace: .* the sidecar’s memory/,
  },
  'containers that see the node’s processes': { pod: pod({ hostPID: true }), says: /hostPID: / },
  'the status port is the sidecar’s own for tcp': {
    pod: pod({}, { listen: 'tcp', 'status-port': '7443' }),
    says: /status-port: port 7443 is for services; name another/,
  },
  windows: { pod: pod({ os: { name: 'windows' } }), says: /needs Linux/ },
  'legacy: a Job': {
    pod: pod({ restartPolicy: 'OnFailure' }),
    settings: LEGACY,
    says: /restartPolicy OnFailure from ever ending/,
  },
  'legacy: an init container is served': {
    pod: pod({ initContainers: [MIGRATION] }, { containers: 'migration' }),
    settings: LEGACY,
    says: /migration is an init container/,
  },
};
