import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingHttpHeaders } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { ExecutionContext } from 'ava';
import { createTestCa } from '../../sandbox/ca.ts';
import { LoopbackServer } from '../../sandbox/emulation/loopback-server.ts';

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
  const tls = await ca.issue({ dnsSans: ['localhost'], ipSans: ['127.0.0.1'] });
  const posts: Post[] = [];
  // Whoever sends may go away in the middle.
  const goneAway = () => undefined;
  const server = new LoopbackServer(
    (request, response) =>
      void text(request).then((body) => {
        posts.push({ path: request.url ?? '', headers: request.headers, body });
        if (hooks.answer) response.writeHead(hooks.answer.status, hooks.answer.headers).end();
      }, goneAway),
    { port: 0, tls, host: 'localhost' },
  );
  await server.start();
  t.teardown(() => server.stop());
  const dir = await mkdtemp(join(tmpdir(), 'cmk-hooks-'));
  t.teardown(() => rm(dir, { recursive: true }));
  const caPath = join(dir, 'ca.pem');
  await writeFile(caPath, ca.caPem);
  const hooks: HookServer = {
    url: server.url,
    caPem: ca.caPem,
    caPath,
    posts,
    answer: { status: 204 },
  };
  return hooks;
}
