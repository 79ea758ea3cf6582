import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import type { Clock } from './clock.ts';
import { Repeated } from './repeated.ts';

/** Where a process finds who it is and whom it trusts; a mounted folder that an issuer keeps renewing. */
export interface IdentityPaths {
  /** PEM: the process's certificate, then intermediates. */
  readonly certPath: string;
  /** PEM: its private key. */
  readonly keyPath: string;
  /** PEM: the authorities that peers' certificates must come from. */
  readonly caPath: string;
}

/** A set that was checked to belong together. */
export interface Identity {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly ca: Buffer;
  /** Beginning of the certificate's validity, UNIX milliseconds. */
  readonly validFromMs: number;
  /** End of the certificate's validity, UNIX milliseconds. */
  readonly expiresAtMs: number;
}

export interface IdentityListeners {
  onReload?: ((identity: Identity) => void) | undefined;
  /** The files cannot be used as they are; the last good identity stays. Called once for each new reason. */
  onRejected?: ((reason: Error) => void) | undefined;
}

const POLL_INTERVAL_MS = 10_000;
/** Each on a line of its own, else TLS reads only the first of them. */
const PEM_CERTIFICATE = /^-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/gm;

/**
 * The process's TLS identity, followed through renewals. Files are renewed one after the other or by a swapped
 * link, so what is read may be torn: a set is taken over whole or not at all, and the last good one stays.
 *
 * Polls rather than watches: file events are lost on the links and network mounts that issuers use.
 */
export class IdentityWatcher {
  readonly #paths: IdentityPaths;
  readonly #clock: Clock;
  readonly #listeners = new Set<IdentityListeners>();
  readonly #polls: Repeated;
  #current: Identity;
  #lastReason: string | null = null;
  #closed = false;

  private constructor(paths: IdentityPaths, clock: Clock, current: Identity) {
    this.#paths = paths;
    this.#clock = clock;
    this.#current = current;
    this.#polls = new Repeated({ clock, pauseMs: POLL_INTERVAL_MS, work: () => this.poll() });
    this.#polls.start();
  }

  /** @throws when the files hold no usable identity: a process cannot start without one */
  static async start(
    paths: IdentityPaths,
    options: IdentityListeners & { clock: Clock },
  ): Promise<IdentityWatcher> {
    const { clock, onReload, onRejected } = options;
    const watcher = new IdentityWatcher(paths, clock, await loadIdentity(paths, clock));
    watcher.listen({ onReload, onRejected });
    return watcher;
  }

  get current(): Identity {
    return this.#current;
  }

  /** @returns ends the listening */
  listen(listeners: IdentityListeners): () => void {
    this.#listeners.add(listeners);
    return () => this.#listeners.delete(listeners);
  }

  /** Looks at the files now. Never throws: what is wrong with them goes to `onRejected`. */
  async poll(): Promise<void> {
    try {
      const load = () => loadIdentity(this.#paths, this.#clock);
      // Once more at once: a renewal by a swapped link may have come between two files, which is nobody's fault.
      const identity = await load().catch(load);
      const isNew = !isSame(identity, this.#current);
      if (isNew) this.#checkBegun(identity);
      this.#lastReason = null;
      if (this.#closed || !isNew) return;
      this.#current = identity;
      for (const { onReload } of this.#listeners) onReload?.(identity);
    } catch (error) {
      const reason = error instanceof Error ? error : new Error(String(error));
      if (this.#closed || reason.message === this.#lastReason) return;
      this.#lastReason = reason.message;
      for (const { onRejected } of this.#listeners) onRejected?.(reason);
    }
  }

  close(): void {
    this.#closed = true;
    void this.#polls.stop();
  }

  /** An issuer's clock may be ahead: peers would refuse such a certificate, and the old one is good for now. */
  #checkBegun({ validFromMs }: Identity): void {
    const nowMs = this.#clock.wallMs();
    if (validFromMs <= nowMs || this.#current.expiresAtMs <= nowMs) return;
    throw new Error(`${this.#paths.certPath} is not valid before ${new Date(validFromMs).toISOString()}`);
  }
}

/**
 * Reads a set of files and checks that it is whole: everything parses, the key is the certificate's, the certificate
 * has not expired, and TLS accepts it all.
 * @throws {Error} whose text names the file, never its content
 */
async function loadIdentity(paths: IdentityPaths, clock: Clock): Promise<Identity> {
  const [cert, key, ca] = await Promise.all([
    readFile(paths.certPath),
    readFile(paths.keyPath),
    readFile(paths.caPath),
  ]);
  const [leaf] = parseCertificates(cert, paths.certPath);
  parseCertificates(ca, paths.caPath);
  const privateKey = attempt(`${paths.keyPath}: expected a private key in PEM`, () => createPrivateKey(key));
  if (!leaf.checkPrivateKey(privateKey)) {
    throw new Error(`${paths.keyPath} is not the private key of ${paths.certPath}`);
  }
  const [validFromMs, expiresAtMs] = [Date.parse(leaf.validFrom), Date.parse(leaf.validTo)];
  if (expiresAtMs <= clock.wallMs()) throw new Error(`${paths.certPath} expired at ${leaf.validTo}`);
  attempt('the identity is refused by TLS', () => createSecureContext({ cert, key, ca }));
  return { cert, key, ca, validFromMs, expiresAtMs };
}

function parseCertificates(pem: Buffer, path: string): [X509Certificate, ...X509Certificate[]] {
  const text = pem.toString('latin1');
  const [first, ...rest] = text.match(PEM_CERTIFICATE) ?? [];
  if (first === undefined) throw new Error(`${path}: expected certificates in PEM, found none`);
  // A torn file may end inside a certificate; what stands before it would parse.
  if (text.split('-----BEGIN').length - 1 !== rest.length + 1)
    throw new Error(`${path}: a certificate is cut short`);
  const parse = (each: string) => attempt(`${path}: malformed certificate`, () => new X509Certificate(each));
  return [parse(first), ...rest.map(parse)];
}

function attempt<T>(message: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw new Error(message, { cause });
  }
}

function isSame(a: Identity, b: Identity): boolean {
  return a.cert.equals(b.cert) && a.key.equals(b.key) && a.ca.equals(b.ca);
}
