import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import https from 'node:https';
import type { IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { createTestCa } from '../../sandbox/ca.ts';

export interface Post {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A real https server that webhooks point at. */
export interface HookServer {
  readonly url: string;
  readonly caPem: string;
  /** A file with the same. */
  readonly caPath: string;
  readonly posts: Post[];
  /** What is answered; null: nothing, for ever. */
  answer: { status: number; headers?: Record<string, string> } | null;
}

export async function startHookServer(t: ExecutionContext): Promise<HookServer> {
  const ca = await createTestCa();
  const { certPem: cert, keyPem: key } = await ca.issue({ dnsSans: ['localhost'], ipSans: ['127.0.0.1'] });
  const posts: Post[] = [];
  const server = https.createServer({ cert, key }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => void chunks.push(chunk));
    request.on('end', () => {
      posts.push({
        path: request.url ?? '',
        headers: request.headers,
        body: Buffer.concat(chunks).toString('utf8'),
      });
      if (hooks.answer) response.writeHead(hooks.answer.status, hooks.answer.headers).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const dir = await mkdtemp(join(tmpdir(), 'cmk-hooks-'));
  t.teardown(() => rm(dir, { recursive: true }));
  const caPath = join(dir, 'ca.pem');
  await writeFile(caPath, ca.caPem);
  const hooks: HookServer = {
    url: `https://localhost:${port}`,
    caPem: ca.caPem,
    caPath,
    posts,
    answer: { status: 204 },
  };
  return hooks;
}
