import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { once } from 'node:events';
import grpc from '@grpc/grpc-js';
import { assetKey, type Asset } from '../../core/asset.ts';
import { DataKey } from '../../core/data-key.ts';
import { assetContext, isContextOf } from '../../core/encryption-context.ts';
import { CmkError } from '../../core/errors.ts';
import { HeaderReader } from '../../core/header.ts';
import { Opener } from '../../core/opener.ts';
import { brokerDataKey, findBrokerDataKey } from '../../core/reference.ts';
import { Sealer } from '../../core/sealer.ts';
import { loadSidecar } from '../../proto/load.ts';
import { toGrpcStatus } from '../../proto/status.ts';
import type { DecryptRequest__Output } from '../../proto/types/cmk/v1/DecryptRequest.ts';
import type { SidecarHandlers } from '../../proto/types/cmk/v1/Sidecar.ts';
import type { StreamStart__Output } from '../../proto/types/cmk/v1/StreamStart.ts';
import { canaryKey } from './canaries.ts';

export type StreamEnd = grpc.ServerDuplexStream<
  { start?: StreamStart__Output | null; data?: Buffer },
  { started?: object; data?: Uint8Array }
>;

type Method = 'Encrypt' | 'Decrypt' | 'Reencrypt';

/** What a test changes about the sidecar. */
export interface FakeBehaviour {
  /** Takes a stream over in place of sealing or opening it. */
  onStream?: ((call: StreamEnd, method: Method) => void) | undefined;
  /** Fails every call before it starts. */
  refuseWith?: CmkError | undefined;
  /** Fails a stream after this many bytes were received. */
  failAfter?: { bytes: number; error: CmkError } | undefined;
}

/**
 * A sidecar that is its own broker: real gRPC over a unix socket, the real format, one data key an asset in memory.
 */
export class FakeSidecar {
  readonly address: string;
  behaviour: FakeBehaviour = {};
  /** Every `start` and every described asset received. */
  readonly starts: StreamStart__Output[] = [];
  /** The length of every piece of data received. */
  readonly pieceBytes: number[] = [];
  /** Streams that ended by the client's cancelling. */
  cancelled = 0;
  readonly #folder: string;
  readonly #server: grpc.Server;
  readonly #keys = new Map<string, { id: string; bytes: Buffer; createdAt: number }>();

  /** @param address that of an earlier one, to come back in its place */
  static async start(address?: string): Promise<FakeSidecar> {
    const folder =
      address === undefined
        ? mkdtempSync(join(tmpdir(), 'cmk-fake-'))
        : dirname(address.slice('unix:'.length));
    mkdirSync(folder, { recursive: true });
    const sidecar = new FakeSidecar(folder);
    await sidecar.#listen();
    return sidecar;
  }

  constructor(folder: string) {
    this.#folder = folder;
    this.address = `unix:${join(folder, 'sidecar.sock')}`;
    this.#server = new grpc.Server();
    this.#server.addService(loadSidecar().Sidecar.service, this.#handlers());
  }

  async #listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.bindAsync(this.address, grpc.ServerCredentials.createInsecure(), (error) =>
        error ? reject(error) : resolve(),
      );
    });
  }

  /** Ends at once, with all that runs. */
  stop(): void {
    this.#server.forceShutdown();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #handlers(): SidecarHandlers {
    return {
      Encrypt: (call) => void this.#serve(call, 'Encrypt'),
      Decrypt: (call) => void this.#serve(call, 'Decrypt'),
      Reencrypt: (call) => void this.#serve(call, 'Reencrypt'),
      ListReencryption: (_call, callback) => callback(null, { reencryptions: [], next: '' }),
      CompleteReencryption: (_call, callback) => callback(null, {}),
      DescribeAsset: (call, callback) => {
        const asset = call.request.asset as Asset;
        const key = this.#keys.get(assetKey(asset));
        const error =
          this.behaviour.refuseWith ?? (key ? null : new CmkError('ASSET_NOT_FOUND', 'nothing sealed'));
        if (error || !key) {
          callback(toGrpcStatus(error));
          return;
        }
        callback(null, { ...started(key.id), generation: 1, createdAt: key.createdAt });
      },
    };
  }

  async #serve(call: StreamEnd, method: Method): Promise<void> {
    call.on('cancelled', () => this.cancelled++);
    call.on('error', () => undefined);
    try {
      if (this.behaviour.refuseWith) throw this.behaviour.refuseWith;
      if (this.behaviour.onStream) {
        this.behaviour.onStream(call, method);
        return;
      }
      if (method === 'Encrypt') await this.#seal(call);
      else if (method === 'Decrypt') await this.#open(call);
      else await this.#sealAgain(call);
      call.end();
    } catch (error) {
      call.emit('error', toGrpcStatus(error));
    }
  }

  async *#pieces(call: StreamEnd): AsyncGenerator<StreamStart__Output | Buffer, void, void> {
    let received = 0;
    // A plain `for await` would destroy the stream at its end, what is still to be written included.
    const messages = call.iterator({ destroyOnReturn: false }) as AsyncIterable<DecryptRequest__Output>;
    for await (const message of messages) {
      if (message.start) {
        this.starts.push(message.start);
        yield message.start;
        continue;
      }
      const data = message.data ?? Buffer.alloc(0);
      received += data.length;
      this.pieceBytes.push(data.length);
      const { failAfter } = this.behaviour;
      if (failAfter && received > failAfter.bytes) throw failAfter.error;
      yield data;
    }
  }

  async #seal(call: StreamEnd): Promise<void> {
    let sealer: Sealer | null = null;
    for await (const piece of this.#pieces(call)) {
      if (!Buffer.isBuffer(piece)) {
        const asset = piece.asset as Asset;
        const key = this.#keyOf(asset);
        const dataKey = DataKey.take(Buffer.from(key.bytes));
        const context = assetContext(asset, key.createdAt);
        sealer = new Sealer({ dataKey, context, encryptedDataKeys: [brokerDataKey(key.id, 1)] });
        call.write({ started: started(key.id) });
        await send(call, sealer.header);
      } else if (sealer) {
        const out = Buffer.alloc(sealer.updateBytes(piece.length));
        await send(call, out.subarray(0, sealer.update(piece, out, 0)));
      }
    }
    if (!sealer) throw new CmkError('INVALID_ARGUMENT', 'no start');
    const out = Buffer.alloc(sealer.finalBytes());
    await send(call, out.subarray(0, sealer.final(out, 0)));
  }

  async #open(call: StreamEnd): Promise<void> {
    const reader = new HeaderReader();
    let asset: Asset | null = null;
    let opener: Opener | null = null;
    for await (const message of this.#pieces(call)) {
      if (!Buffer.isBuffer(message)) {
        asset = message.asset;
        continue;
      }
      let piece: Uint8Array = message;
      if (!opener) {
        const read = reader.push(piece);
        if (!read || !asset) continue;
        const key = this.#keyOf(asset);
        const { dataKeyId } = findBrokerDataKey(read.header);
        if (dataKeyId !== key.id || !isContextOf(read.header.context, asset)) {
          throw new CmkError('NOT_AUTHORIZED', 'not authorized for this asset');
        }
        opener = new Opener(read.header, DataKey.take(Buffer.from(key.bytes)));
        call.write({ started: started(key.id) });
        piece = read.rest;
      }
      const out = Buffer.alloc(opener.updateBytes(piece.length));
      await send(call, out.subarray(0, opener.update(piece, out, 0)));
    }
    if (!opener) reader.end();
    opener?.final();
  }

  /** What comes in goes out: the real sidecar shows what sealing again does. */
  async #sealAgain(call: StreamEnd): Promise<void> {
    for await (const piece of this.#pieces(call)) {
      if (Buffer.isBuffer(piece)) await send(call, piece);
      else call.write({ started: started(this.#keyOf(piece.asset as Asset).id) });
    }
  }

  #keyOf(asset: Asset): { id: string; bytes: Buffer; createdAt: number } {
    const known = this.#keys.get(assetKey(asset));
    if (known) return known;
    const made = { id: `dk-${this.#keys.size + 1}`, bytes: canaryKey(), createdAt: 1_700_000_000 };
    this.#keys.set(assetKey(asset), made);
    return made;
  }
}

function started(dataKeyId: string): {
  dataKeyId: string;
  protection: 'PROTECTION_CUSTOMER_KEY';
  keyInUse: string;
} {
  return {
    dataKeyId,
    protection: 'PROTECTION_CUSTOMER_KEY',
    keyInUse: 'arn:aws:kms:eu-1:111122223333:key/k-1',
  };
}

async function send(call: StreamEnd, data: Uint8Array): Promise<void> {
  if (data.byteLength > 0 && !call.write({ data })) await once(call, 'drain');
}
