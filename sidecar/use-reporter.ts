import type { Asset } from '../core/asset.ts';
import { toCmkError } from '../core/errors.ts';
import type { Reason__Output } from '../proto/types/cmk/v1/Reason.ts';
import type { Clock, ScheduledCall } from '../runtime/clock.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Broker } from './broker-client.ts';
import type { SidecarMetrics } from './metrics.ts';
import { UseBuffer, type UseItems, type UseOperation } from './use-buffer.ts';

/** The broker takes no more in one report. */
const MAX_ITEMS = 100;
/** The first report comes soon, so that the broker need not guess when the next one is due. */
const FIRST_REPORT_MS = 1_000;
/** The same report would be refused again: of its uses only the number is told. */
const REFUSALS: ReadonlySet<string> = new Set(['INVALID_ARGUMENT', 'NOT_AUTHORIZED', 'CONFLICT']);
/** How long the last reports may take, so that the process ends within its grace period. */
const FAREWELL_MS = 3_000;

/** A report that is under way: it keeps its number and its contents until the broker has recorded it. */
interface Report extends UseItems {
  readonly complete: boolean;
  readonly takenAtMs: number;
}

/**
 * Reports the uses of cached data keys to the broker, at each interval and when the sidecar stops. Nothing is told
 * twice: a report is repeated under its number until it is recorded. What cannot be told is told as a number.
 */
export class UseReporter {
  readonly #options: UseReporterOptions;
  readonly #buffer: UseBuffer;
  #owesReports = false;
  #sequence = 1;
  #report: Report | null = null;
  #sending: Promise<void> = Promise.resolve();
  #timer: ScheduledCall | null = null;
  #closed = false;

  constructor(options: UseReporterOptions) {
    this.#options = options;
    this.#buffer = new UseBuffer((count) => options.metrics.usesLost(count));
  }

  /**
   * This process's name for itself, to be given with every request for a data key. From the first one on it owes
   * reports; the first of them tells the broker how often they come.
   */
  instanceId(): string {
    if (!this.#owesReports) this.#sendIn(Math.min(FIRST_REPORT_MS, this.#options.intervalMs));
    this.#owesReports = true;
    return this.#options.instanceId;
  }

  /** Counts a stream that is served with a data key which the broker does not know to be used. */
  count(operation: UseOperation, use: { asset: Asset; reason: Reason__Output }, dataKeyId: string): void {
    this.#buffer.count(operation, use, dataKeyId, Math.trunc(this.#options.clock.wallMs()));
  }

  /** Sends the last reports, in bounded time. What does not arrive the broker shows as a gap. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    const last = this.#sending.then(() => this.#send(true)).then(() => true);
    const late = new Promise<boolean>((resolve) => setTimeout(() => resolve(false), FAREWELL_MS).unref());
    if (!(await Promise.race([last, late])) || this.#report) {
      this.#options.logger.warn('the last uses of data keys could not be reported');
    }
  }

  #sendIn(delayMs: number): void {
    if (this.#closed) return;
    this.#timer = this.#options.clock.schedule(delayMs, () => {
      this.#sending = this.#send(false).then(() => this.#sendIn(this.#options.intervalMs));
    });
  }

  /** Sends all there is, report by report, and at least one. Never throws. */
  async #send(final: boolean): Promise<void> {
    if (!this.#owesReports) return;
    for (let over = false; !over;) {
      this.#report ??= this.#next();
      // One that waited for the broker is not the last if more was counted meanwhile.
      const last = final && this.#buffer.isEmpty;
      over = final ? last : this.#report.complete;
      if (!(await this.#deliver(this.#report, last))) return;
    }
  }

  #next(): Report {
    const items = this.#buffer.take(MAX_ITEMS);
    return { ...items, complete: this.#buffer.isEmpty, takenAtMs: this.#options.clock.monotonicMs() };
  }

  /** @returns whether to go on */
  async #deliver(report: Report, final: boolean): Promise<boolean> {
    const { broker, clock, metrics, logger, instanceId, intervalMs } = this.#options;
    const { uses, lost, complete, takenAtMs } = report;
    const ageMs = Math.ceil(clock.monotonicMs() - takenAtMs);
    const items = { uses: [...uses], lost: [...lost] };
    const sequence = this.#sequence;
    try {
      await broker.reportUses({ instanceId, sequence, ...items, ageMs, complete, intervalMs, final });
    } catch (thrown) {
      const error = toCmkError(thrown);
      if (!REFUSALS.has(error.code)) return false;
      logger.error({ err: error }, 'the broker refuses a report of uses');
      if (uses.length > 0) {
        this.#report = null;
        this.#buffer.lose(report);
      }
      return false;
    }
    this.#sequence++;
    this.#report = null;
    metrics.usesReported(uses.reduce((sum, { count }) => sum + count, 0));
    return true;
  }
}

interface UseReporterOptions {
  readonly broker: Pick<Broker, 'reportUses'>;
  readonly clock: Clock;
  readonly metrics: SidecarMetrics;
  readonly logger: Logger;
  readonly intervalMs: number;
  readonly instanceId: string;
}
