import { systemClock, type Clock } from './clock.ts';
import type { Logger } from './logger.ts';

/** The parts of `process` in use; tests give their own. */
export interface ShutdownHost {
  on(event: string, listener: (...args: unknown[]) => void): unknown;
  exit(code: number): void;
}

/** Exit codes, as shells know them for signals. */
const SIGNALS = { SIGTERM: 143, SIGINT: 130 } as const;

/**
 * Ends the process in good order on SIGTERM and SIGINT: the exit code is 0 if `close` did its work within the grace
 * period, else 1. A second signal ends it at once. A rejection or exception that nobody handles is logged and ends it
 * with 1: its state is unknown then.
 * @param options.graceMs must end before the orchestrator kills the process
 */
export function onShutdown(options: {
  logger: Logger;
  graceMs: number;
  close: () => Promise<void>;
  clock?: Clock;
  host?: ShutdownHost;
}): void {
  const { logger, graceMs, close, clock = systemClock, host = process } = options;
  let begun = false;

  const begin = (signal: string) => {
    begun = true;
    logger.info({ signal, graceMs }, 'shutting down');
    clock.schedule(graceMs, () => {
      logger.error({ graceMs }, 'the grace period is over, ending with work undone');
      host.exit(1);
    });
    close().then(
      () => {
        logger.info('shut down');
        host.exit(0);
      },
      (error: unknown) => {
        logger.error({ err: error }, 'shut down with work undone');
        host.exit(1);
      },
    );
  };

  for (const [signal, code] of Object.entries(SIGNALS)) {
    host.on(signal, () => (begun ? host.exit(code) : begin(signal)));
  }
  for (const event of ['uncaughtException', 'unhandledRejection']) {
    host.on(event, (error) => {
      logger.fatal({ err: error, event }, 'defect, ending at once');
      host.exit(1);
    });
  }
}
