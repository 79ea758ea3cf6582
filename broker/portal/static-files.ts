import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply } from 'fastify';

/** Where the pages of the portal are; the portal itself knows which of them there are. */
const PAGES = ['/', '/accounts', '/accounts/*', '/operator', '/operator/*'] as const;

/** What the build puts where the nonce of an answer belongs. */
const NONCE_PLACE = '__CMK_NONCE__';

/** No part of the API. */
const PUBLIC = { config: { access: 'PUBLIC' }, schema: { hide: true } } as const;

/** What the build has made; null: it was not built. */
interface BuiltPortal {
  /** With {@link NONCE_PLACE}s. */
  readonly index: string;
  readonly assetsDir: string;
}

/**
 * Beside a broker that is bundled; in the sources where `npm run build` puts it.
 * @returns a folder that may not be there
 */
export function builtPortalDir(): string {
  const isBundled = !import.meta.filename.endsWith('.ts');
  return join(import.meta.dirname, isBundled ? 'portal' : '../../dist/portal');
}

/** Serves the portal, what browsers load. Nothing in it is secret; everything in it asks the API. */
export function addPortal(app: FastifyInstance, dir: string): void {
  const built = readBuilt(dir);
  for (const page of PAGES) {
    app.get(page, PUBLIC, (_request, reply) => (built ? sendPage(reply, built) : sendMissing(reply)));
  }
  if (built) serveAssets(app, built.assetsDir);
}

function readBuilt(dir: string): BuiltPortal | null {
  const index = join(dir, 'index.html');
  return existsSync(index) ? { index: readFileSync(index, 'utf8'), assetsDir: join(dir, 'assets') } : null;
}

/** Names of assets hold a hash of their contents: what has a name never changes. */
function serveAssets(app: FastifyInstance, root: string): void {
  void app.register(fastifyStatic, {
    root,
    serve: false,
    immutable: true,
    maxAge: '365d',
    index: false,
    dotfiles: 'ignore',
    preCompressed: true,
  });
  app.get<{ Params: { '*': string } }>('/assets/*', PUBLIC, (request, reply) => {
    void reply.headers({ ...HEADERS, 'content-security-policy': policy("'none'") });
    return reply.sendFile(request.params['*']);
  });
}

function sendPage(reply: FastifyReply, { index }: BuiltPortal): FastifyReply {
  const nonce = randomBytes(16).toString('base64');
  return reply
    .type('text/html; charset=utf-8')
    .headers({
      ...HEADERS,
      'cache-control': 'no-store',
      'content-security-policy': policy(`'self' 'nonce-${nonce}'`),
    })
    .send(index.replaceAll(NONCE_PLACE, nonce));
}

function sendMissing(reply: FastifyReply): FastifyReply {
  return reply
    .code(503)
    .type('text/plain; charset=utf-8')
    .headers({ ...HEADERS, 'cache-control': 'no-store' })
    .send('The portal was not built: run "npm run build". The API under /v1 works without it.\n');
}

const HEADERS = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
} as const;

/**
 * Only what we serve is loaded, and nothing inline is run. Style elements that the portal makes while it runs carry the
 * nonce; style attributes are set through the CSSOM, which needs no exception.
 */
function policy(styles: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src ${styles}`,
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}
