import { randomUUID } from 'node:crypto';
import grpc from '@grpc/grpc-js';
import { ReflectionService } from '@grpc/reflection';
import { loadSidecar, sidecarPackage } from '../proto/load.ts';
import { withStreamCodec } from '../proto/stream-codec.ts';
import { systemClock, type Clock } from '../runtime/clock.ts';
import { Health } from '../runtime/health.ts';
import type { Logger } from '../runtime/logger.ts';
import { followIdentity, runProcess, serveStatus } from '../runtime/process.ts';
import { startTraces } from '../runtime/traces.ts';
import { BrokerClient } from './broker-client.ts';
import { readSidecarConfig, type SidecarConfig } from './config.ts';
import { DataKeys } from './data-keys.ts';
import { brokerCalls } from './grpc/broker-calls.ts';
import { decryptHandler } from './grpc/decrypt.ts';
import { encryptHandler } from './grpc/encrypt.ts';
import { OutputBuffer } from './grpc/output-buffer.ts';
import { reencryptHandler } from './grpc/reencrypt.ts';
import { MAX_PIECE_BYTES } from './grpc/requests.ts';
import { ScratchBuffer } from './grpc/scratch-buffer.ts';
import { StreamServer } from './grpc/stream-server.ts';
import { listen, removeSockets, type BoundAddress } from './listeners.ts';
import { SidecarMetrics } from './metrics.ts';
import { RevocationWatch } from './revocation-watch.ts';
import { UseReporter } from './use-reporter.ts';

const SERVICE = 'cmk.v1.Sidecar';
/** A message is a little longer than the piece in it. */
const MAX_MESSAGE_BYTES = MAX_PIECE_BYTES + 64 * 1024;
/** Streams that one connection may have beyond the limit, to be told that they are too many. */
const REFUSED_STREAMS = 100;
/** How long the last answers have to leave before connections are cut. */
const FAREWELL_MS = 200;

export interface RunningSidecar {
  /** Where services call: `unix:/path` or `127.0.0.1:7443`. */
  readonly addresses: readonly BoundAddress[];
  /** The port of /live, /ready and /metrics. */
  readonly statusPort: number;
  readonly metrics: SidecarMetrics;
  /** Whether revocations arrive from the broker. */
  readonly hearsRevocations: () => boolean;
  /**
   * Refuses new streams, lets running ones end, ends those that do not within the grace period, and lets go of
   * everything.
   * @param graceMs default: the configured grace period
   */
  close(graceMs?: number): Promise<void>;
}

/**
 * Starts a sidecar in this process.
 * @throws CmkError CONFIG_INVALID, and what is wrong with the identity's files
 */
export async function startSidecar(options: {
  config: SidecarConfig;
  logger: Logger;
  clock?: Clock;
}): Promise<RunningSidecar> {
  const { config, logger, clock = systemClock } = options;
  const metrics = new SidecarMetrics(clock);
  const identity = await followIdentity(config, { clock, logger, metrics });

  const traces = await startTraces(config, { role: 'sidecar', metrics, logger });
  const broker = new BrokerClient({
    address: config.brokerAddress,
    spiffeId: config.brokerSpiffeId,
    deadlineMs: config.brokerDeadlineMs,
    identity,
    clock,
    metrics,
    traces,
    logger,
  });
  const intervalMs = config.useReportIntervalMs;
  const uses = new UseReporter({ broker, clock, metrics, logger, intervalMs, instanceId: randomUUID() });
  const dataKeys = new DataKeys({
    broker,
    uses,
    clock,
    metrics,
    maxEntries: config.cacheEntries,
    maxUses: config.cacheUses,
  });
  const watch = new RevocationWatch({ broker, dataKeys, clock, metrics, logger });
  const stopFollowing = identity.listen({ onReload: () => watch.reconnect() });

  const parts = { dataKeys, metrics, output: new OutputBuffer(), scratch: new ScratchBuffer() };
  const streams = new StreamServer({
    handlers: new Map([
      [`/${SERVICE}/Encrypt`, encryptHandler(parts)],
      [`/${SERVICE}/Decrypt`, decryptHandler(parts)],
      [`/${SERVICE}/Reencrypt`, reencryptHandler(parts)],
    ]),
    limits: { maxStreams: config.maxStreams, idleMs: config.streamIdleMs, minBytes: config.streamMinBytes },
    clock,
    metrics,
    traces,
    logger,
  });
  const health = new Health([SERVICE]);
  const server = createServer({
    streams,
    health,
    calls: brokerCalls({ broker, dataKeys, metrics, traces }),
    config,
  });

  let ready = false;
  const status = await serveStatus(config, metrics, () => ready);
  const addresses = await listen(server, config.listen);
  ready = true;
  logger.info({ addresses, statusPort: status.port }, 'ready');

  return {
    addresses,
    statusPort: status.port,
    metrics,
    hearsRevocations: () => watch.isUp,
    async close(graceMs = config.graceMs) {
      ready = false;
      health.stop();
      await endStreams(streams, clock, graceMs);
      await endServer(server);
      await removeSockets(addresses);
      await Promise.all([uses.close(), traces.close()]);
      stopFollowing();
      watch.close();
      dataKeys.clear();
      broker.close();
      identity.close();
      await status.close();
    },
  };
}

function createServer(parts: {
  streams: StreamServer;
  health: Health;
  calls: ReturnType<typeof brokerCalls>;
  config: SidecarConfig;
}): grpc.Server {
  const definition = sidecarPackage();
  const server = new grpc.Server({
    interceptors: [parts.streams.interceptor],
    'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
    'grpc.max_concurrent_streams': parts.config.maxStreams + REFUSED_STREAMS,
  });
  server.addService(loadSidecar(withStreamCodec(definition)).Sidecar.service, {
    Encrypt: servedAsStream,
    Decrypt: servedAsStream,
    Reencrypt: servedAsStream,
    ...parts.calls,
  });
  parts.health.addTo(server);
  new ReflectionService(definition).addToServer(server);
  return server;
}

function servedAsStream(): never {
  throw new Error('the stream server answers this method before gRPC gets to it');
}

async function endStreams(streams: StreamServer, clock: Clock, graceMs: number): Promise<void> {
  const drained = streams.drain();
  const force = clock.schedule(graceMs, () => streams.endAll());
  await drained;
  force.cancel();
}

/** Lets last answers leave, then cuts the connections: clients keep theirs open for as long as they are let. */
function endServer(server: grpc.Server): Promise<void> {
  return new Promise((resolve) => {
    const cut = setTimeout(() => server.forceShutdown(), FAREWELL_MS);
    server.tryShutdown(() => {
      clearTimeout(cut);
      resolve();
    });
  });
}

if (import.meta.main) await runProcess('sidecar', readSidecarConfig, startSidecar);
