import { createServer, type TLSSocket } from 'node:tls';
import { constants } from 'node:crypto';
import grpc from '@grpc/grpc-js';
import type { Identity, IdentityWatcher } from './identity.ts';
import { listen } from './listen.ts';

const HANDSHAKE_TIMEOUT_MS = 10_000;
const MAX_CONNECTIONS = 10_000;
const UNAUTHORIZED_LIFE_MS = 10_000;

/** A running listener. */
export interface TlsListener {
  readonly port: number;
  /** Takes no more connections; to end the open ones is the gRPC server's part. */
  close(): void;
}

export interface TlsListenerOptions {
  /** Gets every connection; its own `bindAsync` is not used. */
  readonly server: grpc.Server;
  readonly identity: IdentityWatcher;
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  readonly handshakeTimeoutMs?: number;
  /** More are closed at once. */
  readonly maxConnections?: number;
  /** How long an unauthorized peer may stay: enough for an answer, too short to occupy connections. */
  readonly unauthorizedLifeMs?: number;
  /**
   * A peer whose certificate is missing or not valid. Its calls reach the handlers all the same, with an empty
   * `getAuthContext()`, for the answer and the audit event that every unauthorized caller gets.
   * @param reason `NO_CERTIFICATE`, or OpenSSL's name such as `CERT_HAS_EXPIRED`
   */
  readonly onUnauthorized?: (reason: string, remoteAddress: string) => void;
  /** A connection that ended before it was one: no TLS 1.3, silence, no HTTP/2. */
  readonly onFailedHandshake?: (error: Error, remoteAddress: string) => void;
}

/**
 * Mutual TLS 1.3 for a gRPC server. See docs/decisions/0003-tls-listener.md for why gRPC's own is not used.
 *
 * A renewed identity serves new connections; open ones keep theirs, so the gRPC server must limit their age
 * (`grpc.max_connection_age_ms`).
 * @throws what listening throws, such as EADDRINUSE
 */
export async function startTlsListener(options: TlsListenerOptions): Promise<TlsListener> {
  const { server, identity, onUnauthorized, onFailedHandshake } = options;
  const injector = server.createConnectionInjector(grpc.ServerCredentials.createInsecure());
  const listener = createServer({
    ...secureContext(identity.current),
    ALPNProtocols: ['h2'],
    requestCert: true,
    rejectUnauthorized: false,
    handshakeTimeout: options.handshakeTimeoutMs ?? HANDSHAKE_TIMEOUT_MS,
    noDelay: true,
  });
  listener.maxConnections = options.maxConnections ?? MAX_CONNECTIONS;

  listener.on('secureConnection', (socket) => {
    if (!listener.listening || socket.alpnProtocol !== 'h2') {
      if (listener.listening)
        onFailedHandshake?.(new Error('expected HTTP/2 by ALPN'), remoteAddress(socket));
      socket.destroy();
      return;
    }
    if (!socket.authorized) {
      onUnauthorized?.(unauthorizedReason(socket), remoteAddress(socket));
      endAfter(socket, options.unauthorizedLifeMs ?? UNAUTHORIZED_LIFE_MS);
    }
    injector.injectConnection(socket);
  });
  listener.on('tlsClientError', (error, socket) => {
    onFailedHandshake?.(error, remoteAddress(socket));
    // Node reports a handshake that timed out, and leaves the socket open.
    socket.destroy();
  });
  const stopFollowing = identity.listen({
    onReload: (next) => listener.setSecureContext(secureContext(next)),
  });

  return {
    port: await listen(listener, options),
    close: () => {
      stopFollowing();
      listener.close();
    },
  };
}

function secureContext({ cert, key, ca }: Identity) {
  return {
    cert,
    key,
    ca,
    minVersion: 'TLSv1.3' as const,
    // A resumed session would skip the check of a certificate that has expired or whose authority was removed.
    secureOptions: constants.SSL_OP_NO_TICKET,
  };
}

function unauthorizedReason(socket: TLSSocket): string {
  const hasCertificate = Object.keys(socket.getPeerCertificate()).length > 0;
  // Node types it as an Error; it is OpenSSL's name for it.
  return hasCertificate ? String(socket.authorizationError) : 'NO_CERTIFICATE';
}

function endAfter(socket: TLSSocket, lifeMs: number): void {
  const timer = setTimeout(() => socket.destroy(), lifeMs).unref();
  socket.once('close', () => clearTimeout(timer));
}

function remoteAddress(socket: TLSSocket): string {
  return socket.remoteAddress ?? 'unknown';
}
