import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { fastify, type FastifyInstance } from 'fastify';
import { addPortal } from '../../../broker/portal/static-files.ts';

const dir = mkdtempSync(join(tmpdir(), 'cmk-portal-'));
mkdirSync(join(dir, 'assets'));
writeFileSync(join(dir, 'secret.txt'), 'not for anybody');
writeFileSync(
  join(dir, 'index.html'),
  '<script nonce="__CMK_NONCE__"></script><style nonce="__CMK_NONCE__">',
);
writeFileSync(join(dir, 'assets', 'index-abc123.js'), 'console.log(1);');
writeFileSync(join(dir, 'assets', 'index-abc123.js.br'), 'smaller');
test.after.always(() => rmSync(dir, { recursive: true }));

function serve(from = dir): FastifyInstance {
  const app = fastify();
  addPortal(app, from);
  return app;
}

function directives(header: unknown): Map<string, string> {
  return new Map(
    String(header)
      .split('; ')
      .map((each) => [each.split(' ')[0] ?? '', each.split(' ').slice(1).join(' ')]),
  );
}

for (const page of ['/', '/accounts', '/accounts/acme/keys', '/operator/accounts?x=1']) {
  test(`the portal is served for ${page}, with a nonce of its own`, async (t) => {
    const app = serve();
    const [one, other] = [await app.inject(page), await app.inject(page)];
    t.is(one.statusCode, 200);
    t.is(one.headers['cache-control'], 'no-store');
    t.notRegex(one.payload, /__CMK_NONCE__/);
    const [, nonce = ''] = /<style nonce="([A-Za-z0-9+/=]{24})">/.exec(one.payload) ?? [];
    const policy = directives(one.headers['content-security-policy']);
    t.is(policy.get('style-src'), `'self' 'nonce-${nonce}'`);
    t.is(policy.get('script-src'), "'self'");
    t.is(policy.get('default-src'), "'none'");
    t.is(policy.get('frame-ancestors'), "'none'");
    t.false(other.payload.includes(nonce));
    t.is(one.headers['x-content-type-options'], 'nosniff');
    t.is(one.headers['referrer-policy'], 'no-referrer');
  });
}

test('what has a hash in its name may be kept for ever, and comes compressed to whom takes it', async (t) => {
  const app = serve();
  const plain = await app.inject('/assets/index-abc123.js');
  t.is(plain.payload, 'console.log(1);');
  t.is(plain.headers['cache-control'], 'public, max-age=31536000, immutable');
  t.is(plain.headers['x-content-type-options'], 'nosniff');
  const small = await app.inject({
    url: '/assets/index-abc123.js',
    headers: { 'accept-encoding': 'gzip, br' },
  });
  t.is(small.payload, 'smaller');
  t.is(small.headers['content-encoding'], 'br');
});

for (const path of [
  '/v1/nothing',
  '/favicon.ico',
  '/assets/none.js',
  '/assets/',
  '/assets/../secret.txt',
  '/assets/%2e%2e/secret.txt',
  '/assets/..%2fsecret.txt',
  '/secret.txt',
  '/index.html',
]) {
  test(`there is nothing under ${path}`, async (t) => {
    const answer = await serve().inject(path);
    t.true(answer.statusCode >= 400 && answer.statusCode < 500, String(answer.statusCode));
    t.notRegex(answer.payload, /not for anybody|<script/);
  });
}

test('a portal that was not built says how to build it', async (t) => {
  const answer = await serve(join(dir, 'none')).inject('/');
  t.is(answer.statusCode, 503);
  t.regex(answer.payload, /npm run build/);
});
