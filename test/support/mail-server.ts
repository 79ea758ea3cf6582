import type { ExecutionContext } from 'ava';
import { startMailServer as start, type MailServer } from '../../sandbox/mail-server.ts';

/** The sandbox's mail server for one test. */
export async function startMailServer(
  t: ExecutionContext,
  ...options: Parameters<typeof start>
): Promise<MailServer> {
  const server = await start(...options);
  t.teardown(() => server.close());
  return server;
}
