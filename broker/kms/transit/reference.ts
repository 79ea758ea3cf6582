import { CmkError } from '../../../core/errors.ts';
import { SEGMENTS, type TransitServer } from './servers.ts';

/** As transit itself names keys. */
export const KEY_NAME = /^\w(?:[\w.-]{0,126}\w)?$/;
const EXAMPLE = 'https://vault.example:8200/v1/transit/keys/cmk';
const MAX_CHARACTERS = 1_024;

/** Where a key is. */
export interface KeyLocation {
  readonly server: TransitServer;
  /** The transit mount with the namespaces before it, e.g. `acme/transit`. */
  readonly mount: string;
  readonly name: string;
}

/**
 * Checks the URL of a transit key; spaces around it are forgiven, nothing else is: it must be spelt as a URL parser
 * would print it, so that what is compared with the list of servers is what is connected to.
 * @returns the URL
 * @throws CmkError INVALID_ARGUMENT
 */
export function parseKeyUrl(text: string, servers: readonly TransitServer[]): string {
  const url = text.trim();
  if (url.length > MAX_CHARACTERS) throw refusal(`at most ${MAX_CHARACTERS} characters`, url);
  if (!/^https?:\/\//.test(url) || !URL.canParse(url)) throw refusal('the URL of a transit key', url);
  const { href, origin, pathname, username, password, search, hash } = new URL(url);
  if (username !== '' || password !== '') throw refusal('a URL without user name', url);
  if (search !== '' || hash !== '' || /[?#]/.test(url))
    throw refusal('a URL without query and fragment', url);
  if (href !== url) throw refusal(`the URL in its plain spelling, ${href}`, url);
  const parts = splitPath(pathname);
  if (!parts) throw refusal('the path /v1/MOUNT/keys/NAME', pathname);
  if (!servers.some((server) => server.origin === origin)) {
    throw refusal('a server that the operator has set up (CMK_TRANSIT_SERVERS)', origin);
  }
  if (!serverFor(servers, origin, parts.mount)) {
    throw refusal('a namespace that the operator has set up (CMK_TRANSIT_SERVERS)', parts.mount);
  }
  return url;
}

/**
 * @param reference as {@link parseKeyUrl} returned it
 * @returns null when the operator has since taken the server off the list
 */
export function locate(reference: string, servers: readonly TransitServer[]): KeyLocation | null {
  if (!isAccepted(reference, servers)) return null;
  const { origin, pathname } = new URL(reference);
  const parts = splitPath(pathname);
  const server = parts && serverFor(servers, origin, parts.mount);
  return server ? { server, ...parts } : null;
}

function isAccepted(reference: string, servers: readonly TransitServer[]): boolean {
  try {
    return parseKeyUrl(reference, servers) === reference;
  } catch {
    return false;
  }
}

function splitPath(pathname: string): { mount: string; name: string } | null {
  const [, mount = '', name = ''] = /^\/v1\/(.+)\/keys\/([^/]+)$/.exec(pathname) ?? [];
  return SEGMENTS.test(mount) && KEY_NAME.test(name) ? { mount, name } : null;
}

/** The entry of the innermost namespace that the mount is in. */
function serverFor(servers: readonly TransitServer[], origin: string, mount: string): TransitServer | null {
  const candidates = servers
    .filter((server) => server.origin === origin)
    .filter(({ namespace }) => namespace === '' || mount.startsWith(`${namespace}/`))
    .sort((one, other) => other.namespace.length - one.namespace.length);
  return candidates[0] ?? null;
}

function refusal(expected: string, actual: string): CmkError {
  const got = actual === '' ? 'nothing' : JSON.stringify(actual.slice(0, 80));
  return new CmkError(
    'INVALID_ARGUMENT',
    `reference: expected ${expected}, got ${got}; example: ${EXAMPLE}`,
    { metadata: { field: 'reference' } },
  );
}
