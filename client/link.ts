import grpc from '@grpc/grpc-js';
import { CmkError } from '../core/errors.ts';
import { loadSidecar, sidecarPackage } from '../proto/load.ts';
import { withStreamCodec } from '../proto/stream-codec.ts';
import type { SidecarClient } from '../proto/types/cmk/v1/Sidecar.ts';
import { grpcTarget } from './address.ts';

const CHANNEL_OPTIONS: grpc.ChannelOptions = {
  // A stream of bytes cannot be replayed, and keeping it for a retry would hold it in memory.
  'grpc.enable_retries': 0,
  'grpc.enable_http_proxy': 0,
  // Finds a sidecar that hangs without closing its socket. The wait allows for a busy event loop on either side.
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 10_000,
  // The sidecar is next door: after its restart nobody should wait for a pause meant for the internet.
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1_000,
};

const { READY, TRANSIENT_FAILURE } = grpc.connectivityState;

/** The connection to one sidecar. */
export class SidecarLink {
  readonly stub: SidecarClient;
  readonly #address: string;
  readonly #connectTimeoutMs: number;
  #closed = false;

  /** @throws CmkError INVALID_ARGUMENT for an address that is not local */
  constructor(address: string, connectTimeoutMs: number) {
    this.#address = address;
    this.#connectTimeoutMs = connectTimeoutMs;
    const Stub = loadSidecar(withStreamCodec(sidecarPackage())).Sidecar;
    this.stub = new Stub(grpcTarget(address), grpc.credentials.createInsecure(), CHANNEL_OPTIONS);
  }

  /**
   * Waits until a call can be made. A peer that refuses the connection is left to the call, which fails at once with
   * the reason; a peer that accepts and never speaks would keep the call waiting for ever, and is told here.
   * @throws CmkError SIDECAR_UNREACHABLE, CANCELLED after {@link close}
   */
  async connected(): Promise<void> {
    const deadline = Date.now() + this.#connectTimeoutMs;
    const channel = this.stub.getChannel();
    for (;;) {
      // Asked even when READY, a closed channel would connect again.
      if (this.#closed) throw new CmkError('CANCELLED', 'the client is closed');
      const state = channel.getConnectivityState(true);
      if (state === READY || state === TRANSIENT_FAILURE) return;
      await new Promise<void>((resolve, reject) => {
        channel.watchConnectivityState(state, deadline, (error) => {
          if (error) reject(this.#silent());
          else resolve();
        });
      });
    }
  }

  close(): void {
    this.#closed = true;
    this.stub.close();
  }

  #silent(): CmkError {
    return new CmkError(
      'SIDECAR_UNREACHABLE',
      `no gRPC connection with ${this.#address} within ${this.#connectTimeoutMs} ms`,
    );
  }
}
