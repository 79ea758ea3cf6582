import { systemClock, type Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/logger.ts';
import { followIdentity, runProcess, serveStatus } from '../../runtime/process.ts';
import { readInjectorConfig, type InjectorConfig } from './config.ts';
import { InjectorMetrics } from './metrics.ts';
import { startWebhookServer } from './webhook-server.ts';

export interface RunningInjector {
  readonly port: number;
  /** The port of /live, /ready and /metrics. */
  readonly statusPort: number;
  /** Lets requests under way end. */
  close(): Promise<void>;
}

/**
 * Starts an injector in this process: the admission webhook that gives pods their sidecars.
 * @throws what is wrong with the identity's files or the ports
 */
export async function startInjector(options: {
  config: InjectorConfig;
  logger: Logger;
  clock?: Clock;
}): Promise<RunningInjector> {
  const { config, logger, clock = systemClock } = options;
  const metrics = new InjectorMetrics(clock);
  const identity = await followIdentity(config, { clock, metrics, logger });
  let ready = false;
  const status = await serveStatus(config, metrics, () => ready);
  const parts = { settings: config, identity, metrics, logger };
  const server = await startWebhookServer(parts, { host: config.host, port: config.port });
  ready = true;
  logger.info({ port: server.port, statusPort: status.port }, 'ready');
  return {
    port: server.port,
    statusPort: status.port,
    close: async () => {
      ready = false;
      await server.close();
      identity.close();
      await status.close();
    },
  };
}

if (import.meta.main) await runProcess('injector', readInjectorConfig, startInjector);
