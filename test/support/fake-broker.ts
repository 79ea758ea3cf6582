import { constants, type Http2Stream } from 'node:http2';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import grpc from '@grpc/grpc-js';
import { assetKey, type Asset } from '../../core/asset.ts';
import { assetContext, type EncryptionContext } from '../../core/encryption-context.ts';
import { CmkError, type ErrorCode } from '../../core/errors.ts';
import { brokerDataKey } from '../../core/reference.ts';
import { loadBroker } from '../../proto/load.ts';
import { toGrpcStatus } from '../../proto/status.ts';
import type { Asset__Output } from '../../proto/types/cmk/v1/Asset.ts';
import type { DataKeyGrant } from '../../proto/types/cmk/v1/DataKeyGrant.ts';
import type { CompleteReencryptionRequest__Output } from '../../proto/types/cmk/v1/CompleteReencryptionRequest.ts';
import type { IssueDataKeyRequest__Output } from '../../proto/types/cmk/v1/IssueDataKeyRequest.ts';
import type { ListReencryptionRequest__Output } from '../../proto/types/cmk/v1/ListReencryptionRequest.ts';
import type { ListReencryptionResponse } from '../../proto/types/cmk/v1/ListReencryptionResponse.ts';
import type { IssueDataKeyResponse } from '../../proto/types/cmk/v1/IssueDataKeyResponse.ts';
import type { KeyBrokerHandlers } from '../../proto/types/cmk/v1/KeyBroker.ts';
import type { ReportUsesRequest__Output } from '../../proto/types/cmk/v1/ReportUsesRequest.ts';
import type { ResolveDataKeyRequest__Output } from '../../proto/types/cmk/v1/ResolveDataKeyRequest.ts';
import type { Revocation } from '../../proto/types/cmk/v1/Revocation.ts';
import type { WatchRevocationsRequest__Output } from '../../proto/types/cmk/v1/WatchRevocationsRequest.ts';
import { canaryKey } from './canaries.ts';

interface StoredKey {
  readonly id: string;
  readonly generation: number;
  readonly bytes: Buffer;
  readonly context: EncryptionContext;
}

type Watcher = grpc.ServerWritableStream<WatchRevocationsRequest__Output, Revocation>;
type Operation =
  'IssueDataKey' | 'ResolveDataKey' | 'DescribeAsset' | 'ListReencryption' | 'CompleteReencryption';

const HEARTBEAT_MS = 5_000;

/** A key broker over real gRPC and mutual TLS, with one customer key, that keeps everything in memory. */
export class FakeBroker {
  /** The key-encryption key that everything is under. */
  readonly keyId = 'kek-1';
  readonly keyInUse = 'arn:aws:kms:eu-central-1:111122223333:key/kek-1';
  /** What it was asked, in order. */
  readonly calls: Operation[] = [];
  /** The callers' certificates, by their fingerprints, in order of their watches. */
  readonly callers: string[] = [];
  /** The positions that those who asked for data keys had seen, in order. */
  readonly knownPositions: number[] = [];
  /** The positions that watchers began from, in order. */
  readonly watchedFrom: number[] = [];
  /** The reports of uses that it took, in order. */
  readonly reports: ReportUsesRequest__Output[] = [];
  /** What it refuses reports with. */
  reportRefusal: CmkError | null = null;
  leaseMs = 300_000;
  /** The position that grants carry; tests set it back to play a broker that lags behind. */
  grantPosition: number | null = null;
  /** Changes a grant before it is sent. */
  tamper: (grant: DataKeyGrant) => DataKeyGrant = (grant) => grant;
  #gate: Promise<void> = Promise.resolve();
  #refusal: CmkError | null = null;
  #nextRefusal: CmkError | null = null;
  #breaksOff = false;
  #position = 7;
  #revocations: Revocation[] = [];
  #server: grpc.Server | null = null;
  #port = 0;
  readonly #watchers = new Set<Watcher>();
  readonly #byAsset = new Map<string, StoredKey[]>();
  /** Assets to be sealed again, by the data keys that are to go. */
  readonly #marked = new Map<string, Asset>();
  /** Data keys for whose grants the caller said that it seals with them. */
  readonly sealing: string[] = [];
  /** Data keys that are gone. */
  readonly destroyed = new Set<string>();
  readonly #identity: { certPath: string; keyPath: string; caPath: string };

  private constructor(identity: { certPath: string; keyPath: string; caPath: string }) {
    this.#identity = identity;
  }

  static async start(
    identity: { certPath: string; keyPath: string; caPath: string },
    port = 0,
  ): Promise<FakeBroker> {
    const broker = new FakeBroker(identity);
    broker.#port = port;
    await broker.listen();
    return broker;
  }

  get address(): string {
    return `localhost:${this.#port}`;
  }

  get port(): number {
    return this.#port;
  }

  get watchers(): number {
    return this.#watchers.size;
  }

  count(operation: Operation): number {
    return this.calls.filter((call) => call === operation).length;
  }

  /** Listens on the port that it had, after {@link stop}. */
  async listen(): Promise<void> {
    const { certPath, keyPath, caPath } = this.#identity;
    const pair = { cert_chain: readFileSync(certPath), private_key: readFileSync(keyPath) };
    const credentials = grpc.ServerCredentials.createSsl(readFileSync(caPath), [pair], true);
    const server = new grpc.Server();
    server.addService(loadBroker().KeyBroker.service, this.#handlers());
    this.#port = await new Promise((resolve, reject) => {
      server.bindAsync(`127.0.0.1:${this.#port}`, credentials, (error, port) => {
        if (error) reject(error);
        else resolve(port);
      });
    });
    this.#server = server;
  }

  /** Ends all at once, as a crash does. */
  stop(): void {
    this.#server?.forceShutdown();
    this.#server = null;
    this.#watchers.clear();
  }

  /** Holds every answer about a key up, until the returned function is called. */
  hold(): () => void {
    let release = (): void => undefined;
    this.#gate = new Promise((resolve) => (release = resolve));
    return release;
  }

  /** The customer takes the key away; watchers hear of it unless told otherwise. */
  revoke(code: ErrorCode = 'KEY_DISABLED', options: { tell: boolean } = { tell: true }): void {
    this.#refusal = new CmkError(code, 'the customer disabled the key');
    if (options.tell) this.announce(this.keyId, code);
  }

  /** Refuses everything, until {@link restore}. */
  refuse(error: CmkError): void {
    this.#refusal = error;
  }

  /** Refuses the next request alone. */
  refuseOnce(error: CmkError): void {
    this.#nextRefusal = error;
  }

  /** Breaks the next request for a data key off, as a connection does that is closed under the answer. */
  breakOffOnce(): void {
    this.#breaksOff = true;
  }

  restore(): void {
    this.#refusal = null;
  }

  /** The next data key that is issued for the asset is another one. */
  renewGeneration(asset: Asset): void {
    this.#make(asset);
  }

  /** The asset's newest data key is to give way: the next that is issued is another one. */
  mark(asset: Asset): string {
    const key = this.#newest(asset) ?? this.#make(asset);
    this.#marked.set(key.id, asset);
    return key.id;
  }

  /** Sends a heartbeat, from another position if need be. */
  beat(position: number = this.#position): void {
    this.#position = position;
    for (const watcher of this.#watchers) watcher.write({ position, keyId: '', reason: '' });
  }

  /** Tells every watcher, now and later, that a key was revoked; it goes on granting it. */
  announce(keyId: string, reason: ErrorCode = 'KEY_DISABLED'): void {
    const revocation = { position: ++this.#position, keyId, reason };
    this.#revocations.push(revocation);
    for (const watcher of this.#watchers) watcher.write(revocation);
  }

  #handlers(): KeyBrokerHandlers {
    return {
      IssueDataKey: (call, done) => {
        if (!this.#breaksOff)
          return void this.#answer('IssueDataKey', () => this.#issue(call.request), done, call.request);
        this.#breaksOff = false;
        this.calls.push('IssueDataKey');
        const { stream } = (call as unknown as { call: { stream: Http2Stream } }).call;
        stream.close(constants.NGHTTP2_NO_ERROR);
      },
      ResolveDataKey: (call, done) =>
        void this.#answer('ResolveDataKey', () => this.#resolve(call.request), done, call.request),
      DescribeAsset: (call, done) =>
        void this.#answer('DescribeAsset', () => this.#describe(call.request.asset), done),
      ReportUses: (call, done) => {
        const refusal = this.reportRefusal;
        if (!refusal) this.reports.push(call.request);
        done(refusal ? toGrpcStatus(refusal) : null, {});
      },
      ListReencryption: (call, done) =>
        void this.#answer('ListReencryption', () => this.#listReencryption(call.request), done),
      CompleteReencryption: (call, done) =>
        void this.#answer('CompleteReencryption', () => this.#completeReencryption(call.request), done),
      WatchRevocations: (call) => this.#watch(call),
    };
  }

  async #answer<T>(
    operation: Operation,
    work: () => T,
    done: grpc.sendUnaryData<T>,
    request?: { knownPosition: number },
  ): Promise<void> {
    this.calls.push(operation);
    if (request) this.knownPositions.push(request.knownPosition);
    try {
      await this.#gate;
      const refusal = this.#nextRefusal ?? this.#refusal;
      this.#nextRefusal = null;
      if (refusal) throw refusal;
      done(null, work());
    } catch (error) {
      done(toGrpcStatus(error));
    }
  }

  #issue({ asset, reencryption }: IssueDataKeyRequest__Output): IssueDataKeyResponse {
    const newest = this.#newest(asset);
    if (reencryption && !newest) throw new CmkError('ASSET_NOT_FOUND', 'nothing was ever sealed');
    const key = newest && !this.#marked.has(newest.id) ? newest : this.#make(asset);
    return { grant: this.#grant(key), encryptedDataKeys: [forWire(key)] };
  }

  #listReencryption({ srvId }: ListReencryptionRequest__Output): ListReencryptionResponse {
    const of = [...this.#marked].filter(([, asset]) => asset.srvId === srvId);
    const reencryptions = of.map(([dataKeyId, asset]) => ({ asset, dataKeyId, since: 1, readyInMs: 0 }));
    return { reencryptions, next: '' };
  }

  #completeReencryption({ dataKeyId }: CompleteReencryptionRequest__Output): object {
    this.#marked.delete(dataKeyId);
    this.destroyed.add(dataKeyId);
    return {};
  }

  #resolve(request: ResolveDataKeyRequest__Output): { grant: DataKeyGrant } {
    const { asset, dataKeyId, encryptionContext, sealing } = request;
    if (this.destroyed.has(dataKeyId)) throw new CmkError('DATA_KEY_DESTROYED', 'the data key is gone');
    if (sealing) this.sealing.push(dataKeyId);
    const key = this.#byAsset.get(asset ? assetKey(asset) : '')?.find(({ id }) => id === dataKeyId);
    if (!key || key.context['timestamp'] !== encryptionContext['timestamp']) {
      throw new CmkError('NOT_AUTHORIZED', 'not authorized for this asset');
    }
    return { grant: this.#grant(key) };
  }

  #describe(asset: Asset__Output | null) {
    const key = this.#newest(asset);
    if (!key) throw new CmkError('ASSET_NOT_FOUND', 'nothing was ever sealed for this asset');
    const { id, generation, context } = key;
    const createdAt = Number(context['timestamp']);
    return {
      dataKeyId: id,
      protection: 'PROTECTION_CUSTOMER_KEY' as const,
      keyInUse: this.keyInUse,
      generation,
      createdAt,
    };
  }

  #watch(call: Watcher): void {
    const from = call.request.position;
    this.watchedFrom.push(from);
    this.callers.push(call.getAuthContext().sslPeerCertificate?.fingerprint256 ?? '');
    this.#watchers.add(call);
    const heartbeat = setInterval(() => this.beat(), HEARTBEAT_MS).unref();
    call.on('close', () => {
      clearInterval(heartbeat);
      this.#watchers.delete(call);
    });
    if (from > 0)
      for (const missed of this.#revocations) if (Number(missed.position) > from) call.write(missed);
    call.write({ position: this.#position, keyId: '', reason: '' });
  }

  #newest(asset: Asset__Output | null): StoredKey | undefined {
    return this.#byAsset.get(asset ? assetKey(asset) : '')?.at(-1);
  }

  #make(asset: Asset | null): StoredKey {
    if (!asset) throw new CmkError('INVALID_ARGUMENT', 'asset: expected an asset, got nothing');
    const made = this.#byAsset.get(assetKey(asset)) ?? [];
    const generation = made.length + 1;
    const key = {
      id: randomUUID(),
      generation,
      bytes: canaryKey(),
      context: assetContext(asset, 1_700_000_000 + generation),
    };
    this.#byAsset.set(assetKey(asset), [...made, key]);
    return key;
  }

  #grant({ id, bytes, context }: StoredKey): DataKeyGrant {
    return this.tamper({
      dataKeyId: id,
      plaintextKey: Buffer.from(bytes),
      protection: 'PROTECTION_CUSTOMER_KEY',
      keyId: this.keyId,
      keyInUse: this.keyInUse,
      encryptionContext: { ...context },
      leaseMs: this.leaseMs,
      position: this.grantPosition ?? this.#position,
    });
  }
}

function forWire({ id, generation }: StoredKey) {
  const { providerId, providerInfo, ciphertext } = brokerDataKey(id, generation);
  return { providerId, providerInfo: Buffer.from(providerInfo), ciphertext: Buffer.from(ciphertext) };
}
