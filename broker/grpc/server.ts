import grpc from '@grpc/grpc-js';
import { loadBroker } from '../../proto/load.ts';
import type { CompleteReencryptionRequest__Output } from '../../proto/types/cmk/v1/CompleteReencryptionRequest.ts';
import type { CompleteReencryptionResponse } from '../../proto/types/cmk/v1/CompleteReencryptionResponse.ts';
import type { DescribeAssetRequest__Output } from '../../proto/types/cmk/v1/DescribeAssetRequest.ts';
import type { DescribeAssetResponse } from '../../proto/types/cmk/v1/DescribeAssetResponse.ts';
import type { IssueDataKeyRequest__Output } from '../../proto/types/cmk/v1/IssueDataKeyRequest.ts';
import type { IssueDataKeyResponse } from '../../proto/types/cmk/v1/IssueDataKeyResponse.ts';
import type { KeyBrokerHandlers } from '../../proto/types/cmk/v1/KeyBroker.ts';
import type { ListReencryptionRequest__Output } from '../../proto/types/cmk/v1/ListReencryptionRequest.ts';
import type { ListReencryptionResponse } from '../../proto/types/cmk/v1/ListReencryptionResponse.ts';
import type { ReportUsesRequest__Output } from '../../proto/types/cmk/v1/ReportUsesRequest.ts';
import type { ReportUsesResponse } from '../../proto/types/cmk/v1/ReportUsesResponse.ts';
import type { ResolveDataKeyRequest__Output } from '../../proto/types/cmk/v1/ResolveDataKeyRequest.ts';
import type { ResolveDataKeyResponse } from '../../proto/types/cmk/v1/ResolveDataKeyResponse.ts';
import { Health } from '../../runtime/health.ts';
import type { IdentityWatcher } from '../../runtime/identity.ts';
import type { Logger } from '../../runtime/logger.ts';
import type { Traces } from '../../runtime/traces.ts';
import { startTlsListener } from '../../runtime/tls-listener.ts';
import type { AssetDescription, DescribeAsset } from '../keys/describe-asset.ts';
import { withPlaintext, type Grant } from '../keys/grant.ts';
import type { IssueDataKey } from '../keys/issue-data-key.ts';
import type { Reencryption, ReencryptionPage } from '../keys/reencryption.ts';
import type { ReportUses } from '../keys/report-uses.ts';
import type { ResolveDataKey } from '../keys/resolve-data-key.ts';
import type { Revocations } from '../keys/revocations.ts';
import type { Callers } from './callers.ts';
import {
  assetRequest,
  describeResponse,
  issueResponse,
  listReencryptionResponse,
  resolveResponse,
  usesRequest,
} from './messages.ts';
import { unary, type RpcObserver } from './unary.ts';
import { RevocationWatchers } from './watch-revocations.ts';

/** Requests and answers are well below; more is a defect or an attack. */
const MAX_MESSAGE_BYTES = 64 * 1024;

const OPTIONS: grpc.ServerOptions = {
  'grpc.max_receive_message_length': MAX_MESSAGE_BYTES,
  'grpc.max_send_message_length': MAX_MESSAGE_BYTES,
  'grpc.max_concurrent_streams': 100,
  // Sidecars find new brokers, and renewed certificates are seen, only on new connections.
  'grpc.max_connection_age_ms': 300_000,
  'grpc.max_connection_age_grace_ms': 30_000,
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 3_000,
  'grpc-node.max_session_memory': 10,
};

/** What the server serves. */
export interface KeyBrokerParts {
  readonly callers: Callers;
  readonly issueDataKey: IssueDataKey;
  readonly resolveDataKey: ResolveDataKey;
  readonly describeAsset: DescribeAsset;
  readonly reportUses: ReportUses;
  readonly reencryption: Reencryption;
  readonly revocations: Revocations;
  readonly rpc: RpcObserver;
  readonly traces: Traces;
  readonly logger: Logger;
}

/** A running server. */
export interface KeyBrokerServer {
  readonly port: number;
  /** Watchers being served. */
  watchers(): number;
  /** Takes no new connections, ends the watchers, waits for the calls under way; after the time, cuts them off. */
  close(graceMs: number): Promise<void>;
}

/**
 * Serves the key broker over mutual TLS.
 * @param options.port 0 picks a free one
 */
export async function startKeyBroker(
  parts: KeyBrokerParts,
  options: { identity: IdentityWatcher; host: string; port: number },
): Promise<KeyBrokerServer> {
  const { callers, logger } = parts;
  const server = new grpc.Server(OPTIONS);
  const watchers = new RevocationWatchers(parts);
  const health = new Health(['cmk.v1.KeyBroker']);
  server.addService(loadBroker().KeyBroker.service, handlers(parts, watchers));
  health.addTo(server);
  const listener = await startTlsListener({
    server,
    ...options,
    onUnauthorized: (reason, remoteAddress) => void callers.noteUnauthorized(reason, remoteAddress),
    onFailedHandshake(error, remoteAddress) {
      logger.debug({ err: error, remoteAddress }, 'failed handshake');
    },
  });
  return {
    port: listener.port,
    watchers: () => watchers.size,
    async close(graceMs) {
      health.stop();
      listener.close();
      watchers.close();
      await shutDown(server, graceMs);
    },
  };
}

function handlers(parts: KeyBrokerParts, watchers: RevocationWatchers): KeyBrokerHandlers {
  const { callers, issueDataKey, resolveDataKey, describeAsset, reportUses, reencryption, revocations } =
    parts;
  return {
    IssueDataKey: unary<IssueDataKeyRequest__Output, Grant, IssueDataKeyResponse>(parts, {
      name: 'IssueDataKey',
      async run(call, signal) {
        const { owner, reencryption: again } = call.request;
        const request = { ...assetRequest(call.request), owner, reencryption: again };
        const caller = await callers.identify('ISSUE', call, request);
        await revocations.catchUp(call.request.knownPosition);
        return issueDataKey.run(caller, request, signal);
      },
      answer: (grant, send) => withPlaintext(grant, (key) => send(issueResponse(grant, key))),
      release: ({ dataKey }) => dataKey[Symbol.dispose](),
    }),
    ResolveDataKey: unary<ResolveDataKeyRequest__Output, Grant, ResolveDataKeyResponse>(parts, {
      name: 'ResolveDataKey',
      async run(call, signal) {
        const { dataKeyId, reference, encryptionContext: context, sealing } = call.request;
        const request = { ...assetRequest(call.request), dataKeyId, reference, context, sealing };
        const caller = await callers.identify('RESOLVE', call, request);
        await revocations.catchUp(call.request.knownPosition);
        return resolveDataKey.run(caller, request, signal);
      },
      answer: (grant, send) => withPlaintext(grant, (key) => send(resolveResponse(grant, key))),
      release: ({ dataKey }) => dataKey[Symbol.dispose](),
    }),
    DescribeAsset: unary<DescribeAssetRequest__Output, AssetDescription, DescribeAssetResponse>(parts, {
      name: 'DescribeAsset',
      async run(call) {
        const request = assetRequest(call.request);
        return describeAsset.run(await callers.identify('DESCRIBE', call, request), request);
      },
      answer: (description, send) => send(describeResponse(description)),
    }),
    ReportUses: unary<ReportUsesRequest__Output, null, ReportUsesResponse>(parts, {
      name: 'ReportUses',
      async run(call) {
        const caller = await callers.identify('USE', call, { asset: null, reason: null });
        await reportUses.run(caller, usesRequest(call.request));
        return null;
      },
      answer: (_nothing, send) => send({}),
    }),
    ListReencryption: unary<ListReencryptionRequest__Output, ReencryptionPage, ListReencryptionResponse>(
      parts,
      {
        name: 'ListReencryption',
        async run(call) {
          const caller = await callers.identify('REENCRYPT', call, { asset: null, reason: null });
          return reencryption.list(caller, call.request);
        },
        answer: (page, send) => send(listReencryptionResponse(page)),
      },
    ),
    CompleteReencryption: unary<CompleteReencryptionRequest__Output, null, CompleteReencryptionResponse>(
      parts,
      {
        name: 'CompleteReencryption',
        async run(call) {
          const request = { ...assetRequest(call.request), dataKeyId: call.request.dataKeyId };
          await reencryption.complete(await callers.identify('REENCRYPT', call, request), request);
          return null;
        },
        answer: (_nothing, send) => send({}),
      },
    ),
    WatchRevocations: (call) => watchers.watch(call),
  };
}

function shutDown(server: grpc.Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const force = setTimeout(() => {
      server.forceShutdown();
      resolve();
    }, graceMs);
    server.tryShutdown(() => {
      clearTimeout(force);
      resolve();
    });
  });
}
