import { BROKER_PEER_SETTINGS } from '../../runtime/broker-peer.ts';
import { choice, integer, readConfig, text, type Config, type Settings } from '../../runtime/config.ts';
import { PROCESS_SETTINGS } from '../../runtime/process.ts';
import { TRACE_SETTINGS } from '../../runtime/trace-settings.ts';

/** Everything an injector can be told; docs/configuration.md lists it. */
export const INJECTOR_SETTINGS = {
  host: text({
    name: 'CMK_INJECTOR_HOST',
    doc: 'Address on which Kubernetes’ API server is served.',
    default: '0.0.0.0',
  }),
  port: integer({
    name: 'CMK_INJECTOR_PORT',
    doc: 'Port on which Kubernetes’ API server is served; 0 takes a free one.',
    min: 0,
    max: 65_535,
    default: '8443',
  }),
  image: text({
    name: 'CMK_SIDECAR_IMAGE',
    doc: 'The sidecar’s image, best with its digest. A pod may name another tag or digest, never another repository.',
    pattern: /^[a-z0-9][a-z0-9._:/-]*(@sha256:[0-9a-f]{64}|:[A-Za-z0-9_][A-Za-z0-9._-]{0,127})$/,
    expects: 'image with a tag or digest, such as registry.example/cmk/sidecar:1.4.0',
  }),
  mode: choice({
    name: 'CMK_SIDECAR_MODE',
    doc: 'How a sidecar stands in a pod: `native`, an init container that goes on running (Kubernetes 1.29 and later), or `legacy`, one container among the others.',
    of: ['native', 'legacy'],
    default: 'native',
  }),
  ...BROKER_PEER_SETTINGS,
  ...TRACE_SETTINGS,
  ...PROCESS_SETTINGS,
} satisfies Settings;

export type InjectorConfig = Config<typeof INJECTOR_SETTINGS>;

/** What decides how a pod is changed. */
export type InjectionSettings = Pick<
  InjectorConfig,
  'image' | 'mode' | 'brokerAddress' | 'brokerSpiffeId' | 'tracesUrl' | 'tracesRatio'
>;

/**
 * The injector's settings.
 * @throws CmkError CONFIG_INVALID that lists every problem
 */
export function readInjectorConfig(env: NodeJS.ProcessEnv): InjectorConfig {
  return readConfig(INJECTOR_SETTINGS, env);
}
