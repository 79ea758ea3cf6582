import type { FastifyRequest } from 'fastify';
import { CmkError } from '../../core/errors.ts';
import type { SessionId } from './session-id.ts';

/** Methods that change nothing. */
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);
const HEADER = 'x-cmk-csrf';

/**
 * A browser sends its cookies with whatever page makes it: what changes something must come from a page of ours.
 * @param origin the portal's
 * @throws CmkError CROSS_SITE_REQUEST
 */
export function checkCameFromPortal(request: FastifyRequest, id: SessionId, origin: string): void {
  if (SAFE_METHODS.has(request.method)) return;
  const { headers } = request;
  const token = headers[HEADER];
  if (typeof token !== 'string') throw refusal(`expected the header ${HEADER}, it is missing`);
  if (!id.hasCsrfToken(token)) throw refusal(`${HEADER}: expected the session’s token, got another text`);
  const site = headers['sec-fetch-site'];
  if (headers.origin === undefined && site === undefined) {
    throw refusal('expected the header origin or sec-fetch-site, both are missing');
  }
  if (headers.origin !== undefined && headers.origin !== origin) {
    throw refusal(`origin: expected ${origin}, got another one`);
  }
  if (site !== undefined && site !== 'same-origin') {
    throw refusal('sec-fetch-site: expected same-origin, got another one');
  }
}

function refusal(text: string): CmkError {
  return new CmkError('CROSS_SITE_REQUEST', text);
}
