import type { EventEmitter } from 'node:events';
import grpc, { type sendUnaryData, type ServerUnaryCall } from '@grpc/grpc-js';
import { CmkError, toCmkError } from '../../core/errors.ts';
import { toGrpcStatus } from '../../proto/status.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Traces } from '../../runtime/traces.ts';

/** The longest that a call may take whatever its caller allows: enough for a key and its replica to time out. */
const MAX_CALL_MS = 30_000;

/** Tells how calls went. */
export interface RpcObserver {
  /** @returns ends the observation; `code` is `OK` or an error code */
  rpcStarted(method: string): (code: string) => void;
}

/** A method that answers once. */
export interface UnaryMethod<Request, Result, Response> {
  readonly name: string;
  run(call: ServerUnaryCall<Request, Response>, signal: AbortSignal): Promise<Result>;
  /** Sends the result's answer. */
  answer(result: Result, send: (response: Response) => void): void;
  /** Lets go of a result, whether it was sent or came too late. */
  release?(result: Result): void;
}

/** The gRPC handler of a method: deadline, cancellation, errors, metrics. */
export function unary<Request, Result, Response>(
  { rpc, traces, logger }: { rpc: RpcObserver; traces: Traces; logger: Logger },
  method: UnaryMethod<Request, Result, Response>,
): (call: ServerUnaryCall<Request, Response>, callback: sendUnaryData<Response>) => void {
  return (call, callback) => {
    const finished = rpc.rpcStarted(method.name);
    const limit = new CallLimit(call, deadlineMs(call));
    const work = async () => {
      const result = await method.run(call, limit.signal);
      try {
        // Nobody waits any more: what was made is not handed out.
        if (limit.signal.aborted) return;
        method.answer(result, (response) => callback(null, response));
      } finally {
        method.release?.(result);
      }
    };
    traces
      .serve(call.getPath().slice(1), traceOf(call), () => Promise.race([work(), limit.reached]))
      .then(
        () => finished('OK'),
        (error: unknown) => {
          const { code } = toCmkError(error);
          if (code === 'INTERNAL') logger.error({ err: error, method: method.name }, 'a call failed');
          callback(toGrpcStatus(error));
          finished(code);
        },
      )
      .finally(() => limit.clear());
  };
}

/** A stranger's trace is not taken up: whoever reaches the port could have all that they do recorded. */
function traceOf(
  call: Pick<ServerUnaryCall<unknown, unknown>, 'getAuthContext' | 'metadata'>,
): grpc.Metadata {
  return call.getAuthContext().sslPeerCertificate ? call.metadata : new grpc.Metadata();
}

function deadlineMs(call: { getDeadline(): Date | number }): number {
  return Math.max(0, Math.min(Number(call.getDeadline()) - Date.now(), MAX_CALL_MS));
}

/** Ends a call at its deadline or when its caller goes away. */
class CallLimit {
  readonly #abort = new AbortController();
  readonly #timer: NodeJS.Timeout;
  /** Never fulfils; rejects with DEADLINE_EXCEEDED or CANCELLED. */
  readonly reached: Promise<never>;

  constructor(call: EventEmitter, timeoutMs: number) {
    const { signal } = this.#abort;
    this.reached = new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as CmkError), { once: true });
    });
    // Rejects when nobody looks any more, if the caller goes away after the answer.
    this.reached.catch(() => undefined);
    call.once('cancelled', () =>
      this.#abort.abort(new CmkError('CANCELLED', 'the caller cancelled the call')),
    );
    this.#timer = setTimeout(() => {
      const text = `the call was not done within ${Math.round(timeoutMs)} ms`;
      this.#abort.abort(new CmkError('DEADLINE_EXCEEDED', text));
    }, timeoutMs);
  }

  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  clear(): void {
    clearTimeout(this.#timer);
  }
}
