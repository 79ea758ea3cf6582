import type grpc from '@grpc/grpc-js';
import { checkAsset, checkIdentifier, type Asset } from '../core/asset.ts';
import { CmkError } from '../core/errors.ts';
import type { DescribeAssetResponse__Output } from '../proto/types/cmk/v1/DescribeAssetResponse.ts';
import type { ListReencryptionResponse__Output } from '../proto/types/cmk/v1/ListReencryptionResponse.ts';
import type { StreamStart } from '../proto/types/cmk/v1/StreamStart.ts';
import { addressFromEnvironment } from './address.ts';
import { abortError, contractError } from './errors.ts';
import { peerError } from './peer-error.ts';
import { SidecarLink } from './link.ts';
import { traceContext } from './trace-context.ts';
import type { ByteSource } from './source.ts';
import { CmkStream, type StreamCall } from './stream.ts';
import {
  REASONS,
  type AssetDescription,
  type DecryptOptions,
  type EncryptOptions,
  type Reason,
  type ReencryptionPage,
  type ReencryptOptions,
} from './types.ts';
import { fromWireDescription, fromWireReencryptions, toWireAsset } from './wire.ts';

export interface ClientOptions {
  /** `unix:PATH`, `/PATH` or `localhost:PORT`. Default: `CMK_SIDECAR`, else {@link DEFAULT_ADDRESS}. */
  readonly address?: string | undefined;
  /** How long connecting may take. Default 5,000. */
  readonly connectTimeoutMs?: number | undefined;
  /**
   * How long a stream may stand still, whoever is to blame, before it fails with STREAM_IDLE. Default 120,000:
   * longer than the sidecar's own limit, which knows the cause better.
   */
  readonly idleMs?: number | undefined;
  /** How long {@link CmkClient.describeAsset} may take. Default 15,000. */
  readonly callTimeoutMs?: number | undefined;
}

/**
 * Seals and opens byte streams through the sidecar of this pod. One client serves any number of calls at once over one
 * connection, which is made when first needed and made anew when lost. Every failure is a {@link CmkError}.
 */
export class CmkClient {
  readonly #link: SidecarLink;
  readonly #idleMs: number;
  readonly #callTimeoutMs: number;
  readonly #streams = new Set<CmkStream>();

  /** @throws CmkError INVALID_ARGUMENT */
  constructor(options: ClientOptions = {}) {
    this.#idleMs = checkMs('idleMs', options.idleMs ?? 120_000);
    this.#callTimeoutMs = checkMs('callTimeoutMs', options.callTimeoutMs ?? 15_000);
    const connectTimeoutMs = checkMs('connectTimeoutMs', options.connectTimeoutMs ?? 5_000);
    this.#link = new SidecarLink(options.address ?? addressFromEnvironment(), connectTimeoutMs);
  }

  /**
   * Seals a source's bytes. Store what comes out only when the stream has ended without an error.
   * @throws CmkError INVALID_ARGUMENT at once; everything else through the stream
   */
  encrypt(source: ByteSource, options: EncryptOptions): CmkStream {
    const start = startMessage(
      options.asset,
      checkIdentifier('owner', options.owner),
      options.reason ?? 'STORAGE',
    );
    return this.#stream(start, source, options.signal, () => this.#link.stub.encrypt(traceContext()));
  }

  /**
   * Opens sealed bytes. Every byte was authenticated before it came out, but only a stream that ends without an error
   * was complete.
   * @throws CmkError INVALID_ARGUMENT at once; everything else through the stream
   */
  decrypt(source: ByteSource, options: DecryptOptions): CmkStream {
    const owner = options.owner === undefined ? '' : checkIdentifier('owner', options.owner);
    const start = startMessage(options.asset, owner, options.reason);
    return this.#stream(start, source, options.signal, () => this.#link.stub.decrypt(traceContext()));
  }

  /**
   * Seals sealed bytes again, under the asset's newest data key; the plaintext does not leave the sidecar. Put what
   * comes out in the place of what went in only when the stream has ended without an error.
   * @throws CmkError INVALID_ARGUMENT at once; everything else through the stream
   */
  reencrypt(source: ByteSource, options: ReencryptOptions): CmkStream {
    const start = startMessage(options.asset, '', options.reason ?? 'STORAGE');
    return this.#stream(start, source, options.signal, () => this.#link.stub.reencrypt(traceContext()));
  }

  /**
   * One page of a service's assets whose files are to be sealed again, those that have waited longest first.
   * `ReencryptionWorker` does what is to be done.
   * @param options.after the `next` of the page before
   * @param options.limit 1 to 100, the default
   * @throws CmkError the codes of docs/errors.md
   */
  async listReencryption(
    srvId: string,
    options: {
      after?: string | undefined;
      limit?: number | undefined;
      signal?: AbortSignal | undefined;
    } = {},
  ): Promise<ReencryptionPage> {
    const { after = '', limit = 0, signal } = options;
    const request = { srvId, after, limit };
    return fromWireReencryptions(
      await this.#ask<ListReencryptionResponse__Output>(signal, (...call) =>
        this.#link.stub.listReencryption(request, ...call),
      ),
    );
  }

  /**
   * Says that no file of the asset is sealed with this data key any more: it is destroyed for ever. Idempotent.
   * @throws CmkError DATA_KEY_IN_USE, CONFLICT, and the codes of docs/errors.md
   */
  async completeReencryption(
    asset: Asset,
    dataKeyId: string,
    options: { signal?: AbortSignal | undefined } = {},
  ): Promise<void> {
    const request = { asset: toWireAsset(checkAsset(asset)), dataKeyId };
    await this.#ask(options.signal, (...call) => this.#link.stub.completeReencryption(request, ...call));
  }

  /**
   * How an asset is protected, e.g. for the "CMK" mark that a user sees. Uses no key.
   * @throws CmkError ASSET_NOT_FOUND when nothing was ever sealed for it, and the codes of docs/errors.md
   */
  async describeAsset(
    asset: Asset,
    options: { signal?: AbortSignal | undefined } = {},
  ): Promise<AssetDescription> {
    const request = { asset: toWireAsset(checkAsset(asset)) };
    return fromWireDescription(
      await this.#ask<DescribeAssetResponse__Output>(options.signal, (...call) =>
        this.#link.stub.describeAsset(request, ...call),
      ),
    );
  }

  /** A call that answers once. */
  async #ask<Response>(signal: AbortSignal | undefined, ask: UnaryCall<Response>): Promise<Response> {
    if (signal?.aborted === true) throw abortError(signal);
    const deadline = Date.now() + this.#callTimeoutMs;
    await this.#link.connected();
    return new Promise((resolve, reject) => {
      const onAbort = (): void => call.cancel();
      const call = ask(traceContext(), { deadline }, (error, response) => {
        signal?.removeEventListener('abort', onAbort);
        if (signal?.aborted === true) reject(abortError(signal));
        else if (error) reject(peerError(error));
        else if (response === undefined) reject(contractError('an answer without a message'));
        else resolve(response);
      });
      signal?.addEventListener('abort', onAbort);
      if (signal?.aborted === true) call.cancel();
    });
  }

  /** Lets the connection go. Streams that still run fail with CANCELLED. The client cannot be used afterwards. */
  close(): void {
    for (const stream of this.#streams) stream.destroy(new CmkError('CANCELLED', 'the client was closed'));
    this.#link.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #stream(
    start: StreamStart,
    source: ByteSource,
    signal: AbortSignal | undefined,
    open: () => StreamCall,
  ): CmkStream {
    const openConnected = async (): Promise<StreamCall> => {
      await this.#link.connected();
      return open();
    };
    const stream = new CmkStream({ open: openConnected, start, source, signal, idleMs: this.#idleMs });
    this.#streams.add(stream);
    stream.once('close', () => this.#streams.delete(stream));
    return stream;
  }
}

type UnaryCall<Response> = (
  metadata: grpc.Metadata,
  options: grpc.CallOptions,
  done: grpc.requestCallback<Response>,
) => grpc.ClientUnaryCall;

function startMessage(asset: Asset, owner: string, reason: Reason): StreamStart {
  if (!REASONS.includes(reason)) {
    throw new CmkError(
      'INVALID_ARGUMENT',
      `reason: expected one of ${REASONS.join(', ')}, got ${JSON.stringify(reason)}`,
      {
        metadata: { field: 'reason' },
      },
    );
  }
  return { asset: toWireAsset(checkAsset(asset)), owner, reason: `REASON_${reason}` };
}

function checkMs(field: string, value: number): number {
  // The upper bound is that of Node's timers, which turn a longer delay into none at all.
  if (Number.isInteger(value) && value >= 1 && value <= 2_147_483_647) return value;
  throw new CmkError('INVALID_ARGUMENT', `${field}: expected 1 to 2147483647 milliseconds, got ${value}`, {
    metadata: { field },
  });
}
