import type { Clock } from './clock.ts';
import { choice, durationMs, integer, path, text, type Config, type Settings } from './config.ts';
import { startStatusServer, type StatusServer } from './status-server.ts';
import { IdentityWatcher, type IdentityPaths } from './identity.ts';
import { createLogger, type Logger } from './logger.ts';
import type { ProcessMetrics } from './metrics.ts';
import { onShutdown } from './shutdown.ts';

/** What broker, sidecar and injector can all be told. */
export const PROCESS_SETTINGS = {
  certPath: path({
    name: 'CMK_TLS_CERT',
    doc: 'The certificate of this process, PEM, with its intermediates.',
  }),
  keyPath: path({ name: 'CMK_TLS_KEY', doc: 'The private key of CMK_TLS_CERT, PEM.' }),
  caPath: path({
    name: 'CMK_TLS_CA',
    doc: 'Certificate authorities that the other side’s certificate is checked against, PEM.',
  }),
  statusHost: text({
    name: 'CMK_STATUS_HOST',
    doc: 'Address of the plain HTTP server with /live, /ready and /metrics.',
    default: '0.0.0.0',
  }),
  statusPort: integer({
    name: 'CMK_STATUS_PORT',
    doc: 'Port of the plain HTTP server with /live, /ready and /metrics; 0 takes a free one.',
    min: 0,
    max: 65_535,
    default: '9090',
  }),
  graceMs: durationMs({
    name: 'CMK_SHUTDOWN_GRACE',
    doc: 'How long calls and streams under way may go on after the order to stop.',
    min: 0,
    max: 3_600_000,
    default: '25s',
  }),
  logLevel: choice({
    name: 'CMK_LOG_LEVEL',
    doc: 'The least severe lines that are written.',
    of: ['debug', 'info', 'warn', 'error', 'silent'],
    default: 'info',
  }),
} satisfies Settings;

export type ProcessConfig = Config<typeof PROCESS_SETTINGS>;

/**
 * How long a process may take for what its grace period does not bound, such as closing the store. With the default
 * grace period it ends within the 30 s that Kubernetes allows by default.
 */
const CLOSING_MS = 4_000;

/**
 * The life of a process: reads its settings, starts it, and ends it in good order. What keeps it from starting is
 * logged, and ends it with exit code 1.
 */
export async function runProcess<C extends ProcessConfig>(
  name: string,
  readConfig: (env: NodeJS.ProcessEnv) => C,
  start: (options: { config: C; logger: Logger }) => Promise<{ close(): Promise<void> }>,
): Promise<void> {
  try {
    const config = readConfig(process.env);
    const logger = createLogger({ name, level: config.logLevel });
    const running = await start({ config, logger });
    onShutdown({ logger, graceMs: config.graceMs + CLOSING_MS, close: () => running.close() });
  } catch (error) {
    createLogger({ name, level: 'info' }).fatal({ err: error }, 'cannot start');
    process.exit(1);
  }
}

/**
 * The identity that the settings name; metrics and log tell of its renewals.
 * @throws as {@link IdentityWatcher.start}
 */
export async function followIdentity(
  { certPath, keyPath, caPath }: IdentityPaths,
  { clock, metrics, logger }: { clock: Clock; metrics: ProcessMetrics; logger: Logger },
): Promise<IdentityWatcher> {
  const identity = await IdentityWatcher.start(
    { certPath, keyPath, caPath },
    {
      clock,
      onReload: (renewed) => {
        metrics.certificateInUse(renewed);
        logger.info({ expiresAt: new Date(renewed.expiresAtMs) }, 'new certificate in use');
      },
      onRejected: (reason) => {
        metrics.certificateRejected();
        logger.error({ err: reason }, 'new certificate files cannot be used, the old ones stay');
      },
    },
  );
  metrics.certificateInUse(identity.current);
  return identity;
}

/**
 * The status server that the settings name, with the process's metrics.
 * @param isReady whether new work is welcome
 * @throws what listening throws, such as EADDRINUSE
 */
export function serveStatus(
  { statusHost, statusPort }: Pick<ProcessConfig, 'statusHost' | 'statusPort'>,
  { registry }: ProcessMetrics,
  isReady: () => boolean,
): Promise<StatusServer> {
  return startStatusServer({ host: statusHost, port: statusPort, registry, isReady });
}
