import { setTimeout as pause } from 'node:timers/promises';
import type grpc from '@grpc/grpc-js';
import type { Asset } from '../core/asset.ts';
import { CmkError } from '../core/errors.ts';
import { loadBroker } from '../proto/load.ts';
import { fromGrpcError } from '../proto/status.ts';
import type { CompleteReencryptionRequest } from '../proto/types/cmk/v1/CompleteReencryptionRequest.ts';
import type { CompleteReencryptionResponse__Output } from '../proto/types/cmk/v1/CompleteReencryptionResponse.ts';
import type { DescribeAssetResponse__Output } from '../proto/types/cmk/v1/DescribeAssetResponse.ts';
import type { IssueDataKeyRequest } from '../proto/types/cmk/v1/IssueDataKeyRequest.ts';
import type { IssueDataKeyResponse__Output } from '../proto/types/cmk/v1/IssueDataKeyResponse.ts';
import type { KeyBrokerClient } from '../proto/types/cmk/v1/KeyBroker.ts';
import type { ListReencryptionRequest } from '../proto/types/cmk/v1/ListReencryptionRequest.ts';
import type { ListReencryptionResponse__Output } from '../proto/types/cmk/v1/ListReencryptionResponse.ts';
import type { ReportUsesRequest } from '../proto/types/cmk/v1/ReportUsesRequest.ts';
import type { ResolveDataKeyRequest } from '../proto/types/cmk/v1/ResolveDataKeyRequest.ts';
import type { ResolveDataKeyResponse__Output } from '../proto/types/cmk/v1/ResolveDataKeyResponse.ts';
import type { Revocation__Output } from '../proto/types/cmk/v1/Revocation.ts';
import { channelCredentials } from '../runtime/channel-credentials.ts';
import type { Clock } from '../runtime/clock.ts';
import type { IdentityWatcher } from '../runtime/identity.ts';
import type { Logger } from '../runtime/logger.ts';
import type { Traces } from '../runtime/traces.ts';
import type { SidecarMetrics } from './metrics.ts';

/** The key broker as the sidecar uses it. Every request is idempotent and ends by its deadline. */
export interface Broker {
  /** @throws CmkError the broker's refusal, or BROKER_UNREACHABLE */
  issueDataKey(request: IssueDataKeyRequest): Promise<IssueDataKeyResponse__Output>;
  /** @throws CmkError as above */
  resolveDataKey(request: ResolveDataKeyRequest): Promise<ResolveDataKeyResponse__Output>;
  /** @throws CmkError as above */
  describeAsset(request: { asset: Asset }): Promise<DescribeAssetResponse__Output>;
  /** @throws CmkError as above */
  reportUses(request: ReportUsesRequest): Promise<void>;
  /** @throws CmkError as above */
  listReencryption(request: ListReencryptionRequest): Promise<ListReencryptionResponse__Output>;
  /** @throws CmkError as above */
  completeReencryption(request: CompleteReencryptionRequest): Promise<CompleteReencryptionResponse__Output>;
  /** Revocations after this position. Ends by itself after some minutes, so that many brokers share the watchers. */
  watchRevocations(position: number): grpc.ClientReadableStream<Revocation__Output>;
}

const MAX_WATCH_MS = 10 * 60_000;
/** A request is repeated once, if the rest of its time allows, after a pause of up to this long. */
const RETRY_PAUSE_MS = 200;
/** Refusals that another broker, or the same one a moment later, may not give. */
const RETRIED: ReadonlySet<string> = new Set(['BROKER_UNREACHABLE', 'SHUTTING_DOWN']);

const CHANNEL_OPTIONS: grpc.ChannelOptions = {
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 3_000,
  // The watch is one call that is always there; keepalive must find out about a dead broker between calls too.
  'grpc.keepalive_permit_without_calls': 1,
  // A proxy from the environment is meant for the service, and would see whom it talks to.
  'grpc.enable_http_proxy': 0,
  // TLS has no server name for an IP address, and the broker is known by its SPIFFE id, not by a name.
  'grpc.ssl_target_name_override': 'cmk-broker',
  'grpc.enable_retries': 0,
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 2_000,
  // New brokers are looked for when a connection ends, but no sooner than so after the last time. With gRPC's 30 s a
  // rolling update could replace every broker that a sidecar knows before it looks again.
  'grpc.dns_min_time_between_resolutions_ms': 5_000,
  'grpc.service_config': JSON.stringify({ loadBalancingConfig: [{ round_robin: {} }] }),
};

/** One identity's. */
interface Connection {
  readonly client: KeyBrokerClient;
  underWay: number;
}

type Unary<Request, Response> = (
  client: KeyBrokerClient,
  request: Request,
  metadata: grpc.Metadata,
  options: grpc.CallOptions,
  done: grpc.requestCallback<Response>,
) => void;

/** Talks to the broker over mutual TLS 1.3, as this sidecar's identity of the moment. */
export class BrokerClient implements Broker {
  readonly #address: string;
  readonly #spiffeId: string;
  readonly #identity: IdentityWatcher;
  readonly #deadlineMs: number;
  readonly #clock: Clock;
  readonly #metrics: SidecarMetrics;
  readonly #traces: Traces;
  readonly #logger: Logger;
  readonly #stopListening: () => void;
  readonly #KeyBroker = loadBroker().KeyBroker;
  #connection: Connection;
  #reachable = true;

  /** @param options.spiffeId what the broker's certificate must carry; the host name is not looked at */
  constructor(options: {
    address: string;
    spiffeId: string;
    identity: IdentityWatcher;
    deadlineMs: number;
    clock: Clock;
    metrics: SidecarMetrics;
    traces: Traces;
    logger: Logger;
  }) {
    this.#address = options.address;
    this.#spiffeId = options.spiffeId;
    this.#deadlineMs = options.deadlineMs;
    this.#clock = options.clock;
    this.#metrics = options.metrics;
    this.#traces = options.traces;
    this.#logger = options.logger;
    this.#identity = options.identity;
    this.#connection = this.#connect();
    this.#stopListening = options.identity.listen({ onReload: () => this.#replace() });
  }

  issueDataKey(request: IssueDataKeyRequest): Promise<IssueDataKeyResponse__Output> {
    return this.#ask('IssueDataKey', request, (client, ...call) => client.issueDataKey(...call));
  }

  resolveDataKey(request: ResolveDataKeyRequest): Promise<ResolveDataKeyResponse__Output> {
    return this.#ask('ResolveDataKey', request, (client, ...call) => client.resolveDataKey(...call));
  }

  describeAsset(request: { asset: Asset }): Promise<DescribeAssetResponse__Output> {
    return this.#ask('DescribeAsset', request, (client, ...call) => client.describeAsset(...call));
  }

  async reportUses(request: ReportUsesRequest): Promise<void> {
    await this.#ask('ReportUses', request, (client, ...call) => client.reportUses(...call));
  }

  listReencryption(request: ListReencryptionRequest): Promise<ListReencryptionResponse__Output> {
    return this.#ask('ListReencryption', request, (client, ...call) => client.listReencryption(...call));
  }

  completeReencryption(request: CompleteReencryptionRequest): Promise<CompleteReencryptionResponse__Output> {
    return this.#ask('CompleteReencryption', request, (client, ...call) =>
      client.completeReencryption(...call),
    );
  }

  watchRevocations(position: number): grpc.ClientReadableStream<Revocation__Output> {
    return this.#connection.client.watchRevocations({ position }, { deadline: Date.now() + MAX_WATCH_MS });
  }

  close(): void {
    this.#stopListening();
    this.#connection.client.close();
  }

  async #ask<Request, Response>(
    operation: string,
    request: Request,
    call: Unary<Request, Response>,
  ): Promise<Response> {
    const startMs = this.#clock.monotonicMs();
    const deadline = Date.now() + this.#deadlineMs;
    try {
      const response = await this.#askTwice(deadline, () =>
        this.#traces.ask(`cmk.v1.KeyBroker/${operation}`, (metadata) =>
          this.#askOnce(request, { metadata, deadline }, call),
        ),
      );
      this.#answered(operation, 'OK', startMs);
      return response;
    } catch (error) {
      const known = unreachable(fromGrpcError(error, 'BROKER_UNREACHABLE'));
      this.#answered(operation, known.code, startMs, known);
      throw known;
    }
  }

  async #askTwice<Response>(deadline: number, ask: () => Promise<Response>): Promise<Response> {
    try {
      return await ask();
    } catch (error) {
      const pauseMs = RETRY_PAUSE_MS * (0.5 + Math.random() / 2);
      const { code } = unreachable(fromGrpcError(error, 'BROKER_UNREACHABLE'));
      if (!RETRIED.has(code) || Date.now() + pauseMs >= deadline) throw error;
      await pause(pauseMs);
      return ask();
    }
  }

  #askOnce<Request, Response>(
    request: Request,
    { metadata, deadline }: { metadata: grpc.Metadata; deadline: number },
    call: Unary<Request, Response>,
  ): Promise<Response> {
    const connection = this.#connection;
    connection.underWay++;
    return new Promise((resolve, reject) => {
      call(connection.client, request, metadata, { deadline }, (error, response) => {
        connection.underWay--;
        this.#closeIfOld(connection);
        if (error) reject(error);
        else resolve(response as Response);
      });
    });
  }

  /** Tells the log when the broker goes away and when it is back, not once for each request in between. */
  #answered(operation: string, outcome: string, startMs: number, error?: CmkError): void {
    this.#metrics.brokerAnswered(operation, outcome, startMs);
    const reachable = outcome !== 'BROKER_UNREACHABLE';
    if (reachable === this.#reachable) return;
    this.#reachable = reachable;
    if (reachable) this.#logger.info({ operation }, 'the broker answers again');
    else this.#logger.warn({ operation, err: error }, 'the broker cannot be reached');
  }

  #connect(): Connection {
    const client = new this.#KeyBroker(
      `dns:///${this.#address}`,
      channelCredentials(this.#identity, this.#spiffeId),
      CHANNEL_OPTIONS,
    );
    return { client, underWay: 0 };
  }

  /** Requests under way end on the old connection; it closes after the last one. */
  #replace(): void {
    const old = this.#connection;
    this.#connection = this.#connect();
    this.#closeIfOld(old);
  }

  /** Not before: a connection that is being closed may lose the answers that are on their way. */
  #closeIfOld(connection: Connection): void {
    if (connection !== this.#connection && connection.underWay === 0) connection.client.close();
  }
}

/** A broker that gives no answer of its own cannot be reached; its caller's deadline is another matter. */
function unreachable(error: CmkError): CmkError {
  const silent =
    ['BROKER_UNREACHABLE', 'DEADLINE_EXCEEDED', 'CANCELLED', 'TOO_MANY_STREAMS'].includes(error.code) ||
    // The connection went away under the answer.
    (error.code === 'INTERNAL' && error.message.includes('RST_STREAM'));
  if (!silent || hasDetails(error.cause)) return error;
  return new CmkError('BROKER_UNREACHABLE', 'the key broker cannot be reached', { cause: error.cause });
}

function hasDetails(cause: unknown): boolean {
  const { metadata } = cause as Partial<grpc.ServiceError>;
  return (metadata?.get('grpc-status-details-bin').length ?? 0) > 0;
}
