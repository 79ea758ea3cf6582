import grpc from '@grpc/grpc-js';
import type { Identity, IdentityWatcher } from './identity.ts';
import { parseSpiffeId, spiffeIdOf } from './spiffe.ts';

type CaListener = Parameters<grpc.experimental.CertificateProvider['addCaCertificateListener']>[0];
type IdentityListener = Parameters<
  grpc.experimental.CertificateProvider['addIdentityCertificateListener']
>[0];

/**
 * Mutual TLS for a gRPC client whose identity is renewed while it runs: new connections use the newest good
 * identity, open ones keep theirs.
 * @param serverSpiffeId whom the server's certificate must name; the host name is not looked at, as pods' addresses
 *   say nothing
 * @throws {Error} when `serverSpiffeId` is not a SPIFFE id
 */
export function channelCredentials(
  identity: IdentityWatcher,
  serverSpiffeId: string,
): grpc.ChannelCredentials {
  const expected = parseSpiffeId(serverSpiffeId);
  if (!expected) throw new Error(`expected a SPIFFE id, got ${JSON.stringify(serverSpiffeId)}`);
  const provider = new WatchedCertificates(identity);
  return grpc.experimental.createCertificateProviderChannelCredentials(provider, provider, {
    checkServerIdentity: (_host, certificate) => {
      const result = spiffeIdOf(certificate, expected.trustDomain);
      if (!result.ok) return new Error(result.detail);
      return result.id.text === expected.text
        ? undefined
        : new Error(`expected the server ${expected.text}, got ${result.id.text}`);
    },
  });
}

/** gRPC's own file watcher drops every connection on a torn renewal; this one hands on only what was checked. */
class WatchedCertificates implements grpc.experimental.CertificateProvider {
  readonly #identity: IdentityWatcher;
  readonly #stops = new Map<CaListener | IdentityListener, () => void>();

  constructor(identity: IdentityWatcher) {
    this.#identity = identity;
  }

  addCaCertificateListener(listener: CaListener): void {
    this.#follow(listener, ({ ca }) => listener({ caCertificate: ca }));
  }

  addIdentityCertificateListener(listener: IdentityListener): void {
    this.#follow(listener, ({ cert, key }) => listener({ certificate: cert, privateKey: key }));
  }

  removeCaCertificateListener(listener: CaListener): void {
    this.#stops.get(listener)?.();
    this.#stops.delete(listener);
  }

  removeIdentityCertificateListener(listener: IdentityListener): void {
    this.#stops.get(listener)?.();
    this.#stops.delete(listener);
  }

  #follow(listener: CaListener | IdentityListener, tell: (identity: Identity) => void): void {
    this.#stops.set(listener, this.#identity.listen({ onReload: tell }));
    tell(this.#identity.current);
  }
}
