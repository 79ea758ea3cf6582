import type { PeerCertificate } from 'node:tls';

/** A SPIFFE id, such as `spiffe://cmk.example/service/0001`. */
export interface SpiffeId {
  readonly text: string;
  readonly trustDomain: string;
  /** Begins with a slash; empty for the trust domain itself. */
  readonly path: string;
}

/** Why a certificate names nobody we know; a metric label. */
export type SpiffeRefusal =
  'NO_CERTIFICATE' | 'NO_URI_SAN' | 'SEVERAL_URI_SANS' | 'NOT_A_SPIFFE_ID' | 'OTHER_TRUST_DOMAIN';

export type SpiffeResult =
  | { readonly ok: true; readonly id: SpiffeId }
  /** `detail` is for the audit event: expected and actual in words. */
  | { readonly ok: false; readonly refusal: SpiffeRefusal; readonly detail: string };

const MAX_ID_BYTES = 2048;
const SPIFFE_ID = /^spiffe:\/\/([a-z0-9._-]{1,255})((?:\/[A-Za-z0-9._-]+)*)$/;

/** Reads a SPIFFE id strictly (SPIFFE-ID §2): no port, user, query, fragment, dot segment or final slash. */
export function parseSpiffeId(text: string): SpiffeId | null {
  if (text.length > MAX_ID_BYTES) return null;
  const [, trustDomain, path] = SPIFFE_ID.exec(text) ?? [];
  if (trustDomain === undefined || path === undefined) return null;
  if (path.split('/').some((segment) => segment === '.' || segment === '..')) return null;
  return { text, trustDomain, path };
}

/**
 * Whom a verified peer certificate names: exactly one URI SAN, a SPIFFE id of exactly this trust domain
 * (X509-SVID §2). Whether the certificate is valid is the TLS listener's business, before this.
 */
export function spiffeIdOf(certificate: PeerCertificate | undefined, trustDomain: string): SpiffeResult {
  if (!certificate?.raw) return refused('NO_CERTIFICATE', 'expected a valid client certificate, got none');
  const uris = subjectAltNames(certificate.subjectaltname ?? '')
    .filter((name) => name.startsWith('URI:'))
    .map((name) => name.slice('URI:'.length));
  const [uri] = uris;
  if (uri === undefined) return refused('NO_URI_SAN', 'expected one URI SAN, got none');
  if (uris.length > 1) return refused('SEVERAL_URI_SANS', `expected one URI SAN, got ${uris.length}`);
  const id = parseSpiffeId(uri);
  if (!id)
    return refused('NOT_A_SPIFFE_ID', `expected a SPIFFE id, got ${JSON.stringify(uri.slice(0, 200))}`);
  if (id.trustDomain !== trustDomain) {
    return refused('OTHER_TRUST_DOMAIN', `expected trust domain ${trustDomain}, got ${id.trustDomain}`);
  }
  return { ok: true, id };
}

/**
 * Node writes a comma inside a name as `\u002c` and the name in quotes. The quotes are left, so that such a name can
 * never pass for a SPIFFE id.
 */
function subjectAltNames(text: string): string[] {
  return text.split(', ');
}

function refused(refusal: SpiffeRefusal, detail: string): SpiffeResult {
  return { ok: false, refusal, detail };
}
