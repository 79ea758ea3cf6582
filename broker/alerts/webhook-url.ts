import { isIP, type BlockList } from 'node:net';
import { CmkError } from '../../core/errors.ts';
import { isPublic } from '../../runtime/public-lookup.ts';

const MAX_URL = 2_048;

/**
 * Checks what a customer typed, without any I/O.
 * @param networks those that webhooks may be in although they are not public
 * @throws CmkError INVALID_ARGUMENT
 */
export function parseWebhookUrl(text: string, networks: BlockList | null): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol !== 'https:') throw refusal('expected a URL that begins with https://');
  if (url.username !== '' || url.password !== '') throw refusal('expected no user name and password');
  if (url.hash !== '') throw refusal('expected no fragment');
  if (url.href.length > MAX_URL)
    throw refusal(`expected at most ${MAX_URL} characters, got ${url.href.length}`);
  if (!isAllowedHost(url, networks)) throw refusal('expected a public address');
  return url.href;
}

/** An address in place of a name is never looked up. Names are checked when they are. */
export function isAllowedHost({ hostname }: URL, networks: BlockList | null): boolean {
  const address = hostname.replace(/^\[(.*)\]$/, '$1');
  const family = isIP(address);
  if (family === 0 || isPublic(address)) return true;
  return networks?.check(address, family === 6 ? 'ipv6' : 'ipv4') ?? false;
}

function refusal(problem: string): CmkError {
  return new CmkError('INVALID_ARGUMENT', `url: ${problem}`);
}
