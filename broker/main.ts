import { hostname } from 'node:os';
import { systemClock, type Clock } from '../runtime/clock.ts';
import { Closers } from '../runtime/closers.ts';
import type { Logger } from '../runtime/logger.ts';
import { followIdentity, runProcess, serveStatus } from '../runtime/process.ts';
import { startTraces, type Traces } from '../runtime/traces.ts';
import { createAuthentication, type AuthenticationObserver } from './admin/authentication.ts';
import { VERSION } from '../runtime/version.ts';
import { Idempotency } from './admin/idempotency.ts';
import { RequestLimit } from './admin/request-limit.ts';
import { startAdminServer } from './admin/server.ts';
import type { OutboxObserver } from './alerts/outbox.ts';
import { startAlerts } from './alerts/services.ts';
import { readBrokerConfig, type BrokerConfig } from './config.ts';
import { Callers } from './grpc/callers.ts';
import { startKeyBroker } from './grpc/server.ts';
import { Heartbeat } from './keys/heartbeat.ts';
import type { Observer } from './keys/observer.ts';
import { startKeyServices } from './keys/services.ts';
import { createKeySetUp } from './kms/key-set-up.ts';
import type { KmsProvider } from './kms/provider.ts';
import { createProviders } from './kms/registry.ts';
import { BrokerMetrics } from './metrics.ts';
import type { ProviderName } from './model/types.ts';
import { builtPortalDir } from './portal/static-files.ts';
import { runMigrations } from './migrate.ts';
import { storeLocation } from './store/config.ts';
import { openStore } from './store/open-store.ts';
import type { Store } from './store/store.ts';
import { createViews } from './views/views.ts';

export type Providers = Readonly<Record<ProviderName, KmsProvider>>;

export interface RunningBroker {
  readonly grpcPort: number;
  readonly adminPort: number;
  /** The port of /live, /ready and /metrics. */
  readonly statusPort: number;
  readonly metrics: BrokerMetrics;
  /**
   * Refuses new calls, lets those under way end, cuts off those that do not within the grace period, and lets go of
   * everything.
   * @param graceMs default: the configured grace period
   */
  close(graceMs?: number): Promise<void>;
}

export interface BrokerOptions {
  readonly config: BrokerConfig;
  readonly logger: Logger;
  readonly clock?: Clock;
  /** Default: the one that the settings name. One that is given stays open. */
  readonly store?: Store;
  /** Default: the real ones. Those that are given stay open. */
  readonly kms?: Providers;
}

/**
 * Starts a broker in this process.
 * @throws CmkError CONFIG_INVALID, STORE_UNAVAILABLE; what is wrong with the identity's files or the ports
 */
export async function startBroker(options: BrokerOptions): Promise<RunningBroker> {
  const closers = new Closers(options.clock ?? systemClock);
  try {
    return await start(options, closers);
  } catch (error) {
    await closers.close(0);
    throw error;
  }
}

async function start(options: BrokerOptions, closers: Closers): Promise<RunningBroker> {
  const { config, logger, clock = systemClock } = options;
  const metrics = new BrokerMetrics(clock);
  const traces = await startTraces(config, { role: 'broker', metrics, logger });
  closers.add(() => traces.close());
  const observer = observe(metrics, traces, logger);
  const store = options.store ?? (await openConfiguredStore(config, { metrics, traces }, closers));
  const providers = options.kms ?? createProviders(config);
  if (!options.kms) closers.add(() => Object.values(providers).forEach((provider) => provider.close()));

  const identity = await followIdentity(config, { clock, metrics, logger });
  closers.add(() => identity.close());
  const { catalogue, trustDomain } = config;
  const keys = await startKeyServices({ store, providers, clock, observer, catalogue, settings: config });
  closers.add(() => keys.close());
  const { ledger } = keys;
  if (!config.smtpUrl) logger.warn('CMK_SMTP_URL is not set: alerts are listed, but not mailed');
  const alerts = startAlerts({ store, clock, observer, config });
  closers.add(() => alerts.close());
  const { recipients } = alerts;
  const heartbeat = new Heartbeat({ store, clock, observer, host: hostname(), version: VERSION });
  heartbeat.start();
  closers.add(() => heartbeat.stop());

  let ready = false;
  const status = await serveStatus(config, metrics, () => ready);
  closers.add(() => status.close());
  const admin = await startAdminServer(
    {
      ...keys,
      recipients,
      keySetUp: createKeySetUp(config),
      requestLimit: new RequestLimit(clock),
      idempotency: new Idempotency({ store: store.idempotency, clock }),
      ...createAuthentication({ store, clock, observer, config }),
      trustedProxies: config.trustedProxies,
      catalogue,
      portalDir: builtPortalDir(),
      clock,
      views: createViews({ observer, store, clock, catalogue, settings: config, kmsCalls: keys.kmsCalls }),
      logger,
    },
    { host: config.adminHost, port: config.adminPort },
  );
  closers.add((graceMs) => admin.close(graceMs));
  const callers = new Callers({ catalogue, trustDomain, ledger });
  const server = await startKeyBroker(
    { ...keys, callers, rpc: metrics, traces, logger },
    { identity, host: config.grpcHost, port: config.grpcPort },
  );
  closers.add((graceMs) => server.close(graceMs));
  closers.add(() => void (ready = false));
  metrics.watchCacheSize(() => keys.leasedKeys.size);
  metrics.watchMoves(() => keys.mover.status());
  metrics.watchUnfinished(() => keys.unfinishedWork.latest);
  metrics.countWatchers(() => server.watchers());
  ready = true;
  const ports = { grpcPort: server.port, adminPort: admin.port, statusPort: status.port };
  logger.info(ports, 'ready');
  return { ...ports, metrics, close: (graceMs = config.graceMs) => closers.close(graceMs) };
}

function observe(
  metrics: BrokerMetrics,
  traces: Traces,
  logger: Logger,
): Observer & OutboxObserver & AuthenticationObserver {
  return {
    denied: (reason) => metrics.denied(reason),
    kmsCalled: (provider, operation, outcome, durationMs) => {
      metrics.kmsCalled(provider, operation, outcome, durationMs);
      const facts = { 'cmk.kms.provider': provider, 'cmk.kms.operation': operation };
      traces.waited(`KMS ${operation}`, facts, outcome, durationMs);
    },
    kmsGuarded: (...facts) => metrics.kmsGuarded(...facts),
    fellBack: (cause) => metrics.fellBack(cause),
    cached: (event) => metrics.cached(event),
    revoked: (reason) => {
      metrics.revoked(reason);
      logger.info({ reason }, 'a customer took a key away');
    },
    dataKeysMoved: (outcome, count) => metrics.dataKeysMoved(outcome, count),
    auditWriteFailed: (error) => {
      metrics.auditWriteFailed();
      logger.error({ err: error }, 'an audit event could not be stored');
    },
    alertDelivery: (channel, state, problem) => {
      metrics.alertDelivery(channel, state, problem);
      if (problem !== null) logger.warn({ err: problem, channel, state }, 'an alert was not delivered');
    },
    authenticated: (via, outcome) => metrics.authenticated(via, outcome),
    signIn: (outcome, detail) => {
      metrics.signIn(outcome);
      if (outcome !== 'SIGNED_IN') logger.warn({ outcome, detail }, 'a sign-in was refused');
    },
    backgroundFailed: (task, error) => {
      metrics.backgroundFailed(task);
      logger.warn({ err: error, task }, 'background work failed, it is tried again');
    },
  };
}

async function openConfiguredStore(
  config: BrokerConfig,
  { metrics, traces }: { metrics: BrokerMetrics; traces: Traces },
  closers: Closers,
): Promise<Store> {
  const store = await openStore(storeLocation(config), {
    migrated: config.databaseMigrate === 'by-job',
    observe: (outcome, durationMs) => {
      metrics.databaseCalled(outcome, durationMs);
      traces.waited('database', {}, outcome, durationMs);
    },
  });
  closers.add(() => store.close());
  return store;
}

if (import.meta.main) {
  if (process.argv[2] === 'migrate') await runMigrations(process.env);
  else await runProcess('broker', readBrokerConfig, startBroker);
}
