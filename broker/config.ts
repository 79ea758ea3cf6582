import { readFileSync } from 'node:fs';
import type { BlockList } from 'node:net';
import { CmkError } from '../core/errors.ts';
import {
  durationMs,
  integer,
  list,
  path,
  readConfig,
  secret,
  Secret,
  text,
  type Config,
  type Setting,
  type Settings,
} from '../runtime/config.ts';
import { PROCESS_SETTINGS } from '../runtime/process.ts';
import { parseNetworks } from '../runtime/public-lookup.ts';
import { TRACE_SETTINGS } from '../runtime/trace-settings.ts';
import { ALERT_SETTINGS, checkAlertConfig } from './alerts/config.ts';
import { kmsSettings } from './kms/registry.ts';
import { SIGN_IN_SETTINGS, signInConfig, type SignInConfig } from './portal/config.ts';
import { STORE_SETTINGS } from './store/config.ts';
import { DEFAULT_CATALOGUE, readCatalogue, type Catalogue } from './model/catalogue.ts';

const MIN_TOKEN_CHARACTERS = 32;

const trustedProxies: Setting<BlockList | null> = {
  name: 'CMK_TRUSTED_PROXIES',
  doc: 'Networks between commas, e.g. 10.20.0.0/16, of proxies in front of the administration API: whom they name in X-Forwarded-For is who calls, where calls are limited for each address. Unset: the other end of the connection is.',
  default: null,
  expects: 'networks as ADDRESS/BITS between commas',
  secret: false,
  parse: parseNetworks,
};

/** Everything a broker can be told; docs/configuration.md lists it. */
export const BROKER_SETTINGS = {
  trustDomain: text({
    name: 'CMK_TRUST_DOMAIN',
    doc: 'SPIFFE trust domain of the callers, e.g. `cmk.example`; certificates of any other are refused.',
    pattern: /^[a-z0-9._-]{1,255}$/,
    expects: 'trust domain without scheme and path',
  }),
  grpcHost: text({
    name: 'CMK_GRPC_HOST',
    doc: 'Address on which sidecars are served.',
    default: '0.0.0.0',
  }),
  grpcPort: integer({
    name: 'CMK_GRPC_PORT',
    doc: 'Port on which sidecars are served; 0 takes a free one.',
    min: 0,
    max: 65_535,
    default: '8443',
  }),
  adminHost: text({
    name: 'CMK_ADMIN_HOST',
    doc: 'Address of the administration API. It speaks plain HTTP: leave it on loopback, or put TLS in front.',
    default: '127.0.0.1',
  }),
  adminPort: integer({
    name: 'CMK_ADMIN_PORT',
    doc: 'Port of the administration API; 0 takes a free one.',
    min: 0,
    max: 65_535,
    default: '8080',
  }),
  trustedProxies,
  adminToken: secret({
    name: 'CMK_ADMIN_TOKEN',
    doc: 'The operator’s bearer token for the administration API. One of CMK_ADMIN_TOKEN and CMK_ADMIN_TOKEN_FILE is required.',
    minLength: MIN_TOKEN_CHARACTERS,
    default: null,
  }),
  adminTokenPath: path({
    name: 'CMK_ADMIN_TOKEN_FILE',
    doc: 'A file that holds the operator’s token, in place of CMK_ADMIN_TOKEN.',
    default: null,
  }),
  ...STORE_SETTINGS,
  platformKey: list({
    name: 'CMK_PLATFORM_KEY',
    doc: 'The provider’s own key, for assets that no customer key covers: its identifier in the KMS, then its replicas in the order to try.',
    expects: 'key identifiers such as ARNs, between commas',
  }),
  cataloguePath: path({
    name: 'CMK_CATALOGUE',
    doc: 'A JSON file with the services, their asset types and the callers that may act for them, in place of the built-in one.',
    default: null,
  }),
  leaseMs: durationMs({
    name: 'CMK_LEASE',
    doc: 'How long a data key may be used after the KMS allowed it, in the broker’s and the sidecars’ caches together.',
    min: 10_000,
    max: 300_000,
    default: '5m',
  }),
  cacheEntries: integer({
    name: 'CMK_KEY_CACHE_ENTRIES',
    doc: 'Data keys kept at a time.',
    min: 1,
    max: 10_000_000,
    default: '100000',
  }),
  probeIntervalMs: durationMs({
    name: 'CMK_PROBE_INTERVAL',
    doc: 'How often each key with live leases is asked whether it still works; a customer’s decision takes effect within about this time.',
    min: 100,
    max: 300_000,
    default: '10s',
  }),
  troubleIntervalMs: durationMs({
    name: 'CMK_TROUBLE_PROBE_INTERVAL',
    doc: 'How often a key or replica in trouble is asked, each by itself, until it works again; by one broker at a time, also when nobody uses it.',
    min: 1_000,
    max: 60_000,
    default: '10s',
  }),
  kmsTimeoutMs: durationMs({
    name: 'CMK_KMS_TIMEOUT',
    doc: 'How long one operation with a key may take, with waiting for its turn, replicas and retries.',
    min: 50,
    max: 9_000,
    default: '5s',
  }),
  kmsConcurrency: integer({
    name: 'CMK_KMS_CONCURRENCY',
    doc: 'Calls at a time for one account to one kind of KMS; sixteen times as many may wait. All accounts together have sixteen times as many.',
    min: 1,
    max: 10_000,
    default: '64',
  }),
  kmsAccountRate: integer({
    name: 'CMK_KMS_ACCOUNT_RATE',
    doc: 'Calls a second for one account to one kind of KMS, after a burst of a second’s worth. A KMS that throttles is asked less by itself.',
    min: 1,
    max: 1_000_000,
    default: '500',
  }),
  kmsQuotaShare: integer({
    name: 'CMK_KMS_QUOTA_SHARE',
    doc: 'How much of the quota that a KMS publishes (for AWS: of the provider’s account in each region) this broker may use, percent. With three brokers, 30 leaves a tenth free.',
    min: 1,
    max: 100,
    default: '30',
  }),
  kmsNearest: list({
    name: 'CMK_KMS_NEAREST',
    doc: 'Regions as the KMSs name them, the nearest first: replicas of keys there are preferred to the others. Unset: replicas are tried in the order in which they were enrolled.',
    expects: 'names of regions between commas, e.g. eu-west-1,eu-central-1',
    default: null,
  }),
  moveRate: integer({
    name: 'CMK_MOVE_RATE',
    doc: 'Data keys that a move between keys wraps anew, each second; each takes three KMS calls. Keep three times this below CMK_KMS_ACCOUNT_RATE, for the account’s other calls.',
    min: 1,
    max: 100_000,
    default: '100',
  }),
  ...SIGN_IN_SETTINGS,
  ...ALERT_SETTINGS,
  ...TRACE_SETTINGS,
  ...PROCESS_SETTINGS,
  ...kmsSettings,
} satisfies Settings;

/** What a broker is started with. */
export type BrokerConfig = Omit<
  Config<typeof BROKER_SETTINGS>,
  'adminToken' | 'adminTokenPath' | 'cataloguePath' | keyof typeof SIGN_IN_SETTINGS
> & {
  readonly adminToken: Secret;
  /** Null: nobody signs in with a browser. */
  readonly signIn: SignInConfig | null;
  readonly catalogue: Catalogue;
};

/**
 * The broker's settings, and the files that they name.
 * @throws CmkError CONFIG_INVALID that lists every problem
 */
export function readBrokerConfig(env: NodeJS.ProcessEnv): BrokerConfig {
  const { adminToken, adminTokenPath, cataloguePath, ...config } = readConfig(BROKER_SETTINGS, env);
  checkAlertConfig(config);
  return {
    ...config,
    signIn: signInConfig(config),
    adminToken: operatorToken(adminToken, adminTokenPath),
    catalogue: cataloguePath === null ? DEFAULT_CATALOGUE : readCatalogue(cataloguePath),
  };
}

function operatorToken(given: Secret | null, file: string | null): Secret {
  if ((given === null) === (file === null)) {
    throw new CmkError(
      'CONFIG_INVALID',
      'expected exactly one of CMK_ADMIN_TOKEN and CMK_ADMIN_TOKEN_FILE to be set',
    );
  }
  return given ?? readToken(file ?? '');
}

function readToken(file: string): Secret {
  let token: string;
  try {
    token = readFileSync(file, 'utf8').trim();
  } catch (cause) {
    throw new CmkError('CONFIG_INVALID', `CMK_ADMIN_TOKEN_FILE: cannot read ${file}`, { cause });
  }
  if (token.length >= MIN_TOKEN_CHARACTERS) return new Secret(token);
  const problem = `expected at least ${MIN_TOKEN_CHARACTERS} characters, got ${token.length}`;
  throw new CmkError('CONFIG_INVALID', `CMK_ADMIN_TOKEN_FILE: ${problem}`);
}
