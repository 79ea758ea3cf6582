import { systemClock, type Clock } from './clock.ts';
import type { Logger } from './logger.ts';

/** One part of an orderly end, such as `stop taking calls`. */
export interface ShutdownStep {
  readonly name: string;
  /**
   * @param graceMs what is left of the grace period
   * @throws anything: it is logged, and the next step runs all the same
   */
  run(graceMs: number): Promise<void> | void;
}

/** The parts of `process` in use; tests give their own. */
export interface ShutdownHost {
  on(event: string, listener: (...args: unknown[]) => void): unknown;
  exit(code: number): void;
}

/** Exit codes, as shells know them for signals. */
const SIGNALS = { SIGTERM: 143, SIGINT: 130 } as const;

/**
 * Ends the process in good order on SIGTERM and SIGINT: the steps run one after another, and the exit code is 0 if
 * all came to their end within the grace period, else 1. A second signal ends it at once. A rejection or exception
 * that nobody handles is logged and ends it with 1: its state is unknown then.
 * @param options.graceMs must end before the orchestrator kills the process
 * @returns starts the same end without a signal
 */
export function onShutdown(options: {
  logger: Logger;
  graceMs: number;
  steps: readonly ShutdownStep[];
  clock?: Clock;
  host?: ShutdownHost;
}): (cause: string) => void {
  const { logger, graceMs, steps, clock = systemClock, host = process } = options;
  let begun = false;

  const begin = (cause: string) => {
    if (begun) return;
    begun = true;
    logger.info({ cause, graceMs }, 'shutting down');
    const endMs = clock.monotonicMs() + graceMs;
    clock.schedule(graceMs, () => {
      logger.error({ graceMs }, 'the grace period is over, ending with work undone');
      host.exit(1);
    });
    void runSteps(steps, logger, () => Math.max(0, endMs - clock.monotonicMs())).then((clean) => {
      logger.info({ clean }, 'shut down');
      host.exit(clean ? 0 : 1);
    });
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
  return begin;
}

async function runSteps(
  steps: readonly ShutdownStep[],
  logger: Logger,
  remainingMs: () => number,
): Promise<boolean> {
  let clean = true;
  for (const step of steps) {
    try {
      await step.run(remainingMs());
    } catch (error) {
      clean = false;
      logger.error({ err: error, step: step.name }, 'a shutdown step failed');
    }
  }
  return clean;
}
