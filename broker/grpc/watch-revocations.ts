import { once } from 'node:events';
import type { ServerWritableStream } from '@grpc/grpc-js';
import { CmkError, toCmkError } from '../../core/errors.ts';
import { toGrpcStatus } from '../../proto/status.ts';
import type { Revocation } from '../../proto/types/cmk/v1/Revocation.ts';
import type { WatchRevocationsRequest__Output } from '../../proto/types/cmk/v1/WatchRevocationsRequest.ts';
import type { Revocations } from '../keys/revocations.ts';
import type { Callers } from './callers.ts';
import { checkPosition } from './messages.ts';
import type { RpcObserver } from './unary.ts';

const HEARTBEAT_INTERVAL_MS = 5_000;
/** A watcher that takes nothing for so long is dropped: it resumes from the last position it saw. */
const MAX_STALL_MS = 10_000;
const MAX_WATCHERS = 10_000;

type Call = ServerWritableStream<WatchRevocationsRequest__Output, Revocation>;

/**
 * Streams revocations to sidecars. Each watcher pulls at its own pace from its own position, so a slow one holds no
 * memory but its stream's small buffer.
 */
export class RevocationWatchers {
  readonly #options: { callers: Callers; revocations: Revocations; rpc: RpcObserver };
  readonly #watchers = new Set<AbortController>();

  constructor(options: { callers: Callers; revocations: Revocations; rpc: RpcObserver }) {
    this.#options = options;
  }

  get size(): number {
    return this.#watchers.size;
  }

  /** The gRPC handler. */
  watch(call: Call): void {
    const finished = this.#options.rpc.rpcStarted('WatchRevocations');
    const end = new AbortController();
    call.once('cancelled', () => end.abort(new CmkError('CANCELLED', 'the caller went away')));
    this.#serve(call, end)
      .catch((error: unknown) => {
        // Sends the status, once what was written before has been taken.
        call.emit('error', toGrpcStatus(error));
        finished(toCmkError(error).code);
      })
      .finally(() => this.#watchers.delete(end));
  }

  /** Ends every stream with SHUTTING_DOWN. */
  close(): void {
    const reason = new CmkError('SHUTTING_DOWN', 'this broker is stopping; resume with another');
    for (const end of this.#watchers) end.abort(reason);
  }

  async #serve(call: Call, end: AbortController): Promise<never> {
    const { callers, revocations } = this.#options;
    const { signal } = end;
    await callers.identify('WATCH', call, { asset: null, reason: null });
    if (this.#watchers.size >= MAX_WATCHERS) {
      throw new CmkError('TOO_MANY_STREAMS', `this broker serves ${MAX_WATCHERS} watchers already`);
    }
    this.#watchers.add(end);

    let position = await this.#startingPosition(checkPosition(call.request.position));
    await send(call, { position }, signal);
    for (;;) {
      const newest = revocations.position;
      if (position > newest) {
        // The database lost what was told: the watcher hears that it went back, and then what is at those positions now.
        position = newest;
        await send(call, { position }, signal);
      }
      const events = await revocations.after(position);
      for (const { kekId: keyId, reason, position: at } of events) {
        await send(call, { position: at, keyId, reason }, signal);
        position = at;
      }
      // What came while this was looking would not wake it.
      if (events.length > 0 || revocations.position !== newest) continue;
      await revocations.sleep(HEARTBEAT_INTERVAL_MS, signal);
      if (revocations.position === newest) await send(call, { position }, signal);
    }
  }

  async #startingPosition(requested: number): Promise<number> {
    const { revocations } = this.#options;
    if (requested === 0) return revocations.position;
    // Another broker may have been ahead of this one by a poll; still ahead after it means another history.
    if (requested > revocations.position) await revocations.poll();
    return Math.min(requested, revocations.position);
  }
}

/** @throws CmkError TOO_MANY_STREAMS when the watcher does not keep up; the signal's reason */
async function send(call: Call, revocation: Revocation, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  if (call.write(revocation)) return;
  const stalled = AbortSignal.timeout(MAX_STALL_MS);
  try {
    await once(call, 'drain', { signal: AbortSignal.any([signal, stalled]) });
  } catch (cause) {
    signal.throwIfAborted();
    throw new CmkError('TOO_MANY_STREAMS', 'the watcher does not keep up', { cause });
  }
}
