import type { PeerCertificate } from 'node:tls';
import { spiffeIdOf } from '../../runtime/spiffe.ts';
import { attemptOf, type AssetRequest } from '../keys/access.ts';
import type { Ledger } from '../keys/ledger.ts';
import type { Catalogue } from '../model/catalogue.ts';
import type { AuditAction } from '../model/types.ts';
import { findCaller, type Caller } from '../policy/authorize.ts';

/** The parts of a gRPC call that tell who calls. */
export interface Peer {
  /** Empty unless the certificate is valid. */
  getAuthContext(): { sslPeerCertificate?: PeerCertificate | undefined };
  getPeer(): string;
}

/** Ties calls to callers by their certificates. */
export class Callers {
  readonly #catalogue: Catalogue;
  readonly #trustDomain: string;
  readonly #ledger: Ledger;

  constructor(options: { catalogue: Catalogue; trustDomain: string; ledger: Ledger }) {
    this.#catalogue = options.catalogue;
    this.#trustDomain = options.trustDomain;
    this.#ledger = options.ledger;
  }

  /**
   * @param request what was asked for, for the audit event of a refusal
   * @throws CmkError NOT_AUTHORIZED
   */
  async identify(action: AuditAction, peer: Peer, request: AssetRequest): Promise<Caller> {
    const result = spiffeIdOf(peer.getAuthContext().sslPeerCertificate, this.#trustDomain);
    if (!result.ok) {
      const attempt = attemptOf(action, `unknown peer ${peer.getPeer()}`, request);
      throw await this.#ledger.refuseStranger(attempt, result.refusal, result.detail);
    }
    const { text, path } = result.id;
    const caller = findCaller(this.#catalogue, text, path);
    if (caller) return caller;
    const attempt = attemptOf(action, text, request);
    throw await this.#ledger.refuseStranger(attempt, 'CALLER_UNKNOWN', 'the catalogue has no such caller');
  }

  /**
   * Writes down a connection whose certificate is missing or not valid. Its calls are refused one by one.
   * @param reason `NO_CERTIFICATE`, or OpenSSL's name such as `CERT_HAS_EXPIRED`
   */
  async noteUnauthorized(reason: string, remoteAddress: string): Promise<void> {
    const attempt = attemptOf('CONNECT', `unknown peer ${remoteAddress}`, { asset: null, reason: null });
    const denial = reason === 'NO_CERTIFICATE' ? 'NO_CERTIFICATE' : 'CERTIFICATE_INVALID';
    await this.#ledger.refuseStranger(attempt, denial, reason);
  }
}
