import grpc from '@grpc/grpc-js';
import { service } from 'grpc-health-check';

type Status = 'SERVING' | 'NOT_SERVING' | 'SERVICE_UNKNOWN';

interface Request {
  readonly service: string;
}

interface Answer {
  readonly status: Status;
}

type Watching = grpc.ServerWritableStream<Request, Answer>;

/**
 * The standard health service (`grpc.health.v1`) of a process whose services are all served, or none. It answers
 * anyone, so nothing here outlives the call that asked: the implementation that comes with `grpc-health-check`
 * remembers each name that it was ever asked about.
 */
export class Health {
  /** The empty name stands for the process as a whole. */
  readonly #services: ReadonlySet<string>;
  readonly #watching = new Set<Watching>();
  #isServing = true;

  constructor(services: readonly string[]) {
    this.#services = new Set(['', ...services]);
  }

  /** Streams that follow the status. */
  get watching(): number {
    return this.#watching.size;
  }

  addTo(server: grpc.Server): void {
    server.addService(service, {
      check: (call: grpc.ServerUnaryCall<Request, Answer>, done: grpc.sendUnaryData<Answer>) => {
        const status = this.#statusOf(call.request.service);
        if (status === 'SERVICE_UNKNOWN') done({ code: grpc.status.NOT_FOUND, details: 'no such service' });
        else done(null, { status });
      },
      list: (_call: unknown, done: grpc.sendUnaryData<{ statuses: Record<string, Answer> }>) => {
        const entries = [...this.#services].map((name) => [name, { status: this.#statusOf(name) }] as const);
        done(null, { statuses: Object.fromEntries(entries) });
      },
      watch: (call: Watching) => {
        this.#watching.add(call);
        call.once('cancelled', () => this.#watching.delete(call));
        call.write({ status: this.#statusOf(call.request.service) });
      },
    });
  }

  /** Says from now on that nothing is served. */
  stop(): void {
    this.#isServing = false;
    for (const call of this.#watching) call.write({ status: this.#statusOf(call.request.service) });
  }

  #statusOf(name: string): Status {
    if (!this.#services.has(name)) return 'SERVICE_UNKNOWN';
    return this.#isServing ? 'SERVING' : 'NOT_SERVING';
  }
}
