import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import test from 'ava';
import { runCmk } from '../../../support/fake-terminal.ts';
import { TOKEN } from '../../../support/settings.ts';

const MOVE = {
  id: '018bcfe5-6800-7000-8000-000000000001',
  account: 'acme',
  kind: 'ENROL',
  selection: { kekIds: ['platform-1'] },
  target: 'customer-1',
  startedAt: 1_700_000_000_000,
  endedAt: null,
  total: 1_000,
  failed: 0,
  problem: null,
};
const KEY_DISABLED = { code: 'KEY_DISABLED', detail: 'key one: disabled' };
const PROGRESS = [
  { state: 'RUNNING', moved: 250, left: 750, perSecond: 25, estimatedEndAt: 1_700_000_040_000 },
  { state: 'RUNNING', moved: 250, left: 750, problem: KEY_DISABLED, perSecond: 25, estimatedEndAt: null },
  { state: 'DONE', moved: 1_000, left: 0, perSecond: 25, estimatedEndAt: null, endedAt: 1_700_000_041_000 },
];

test('a move is followed to its end, with rate and estimate on a terminal', async (t) => {
  let asked = 0;
  const server = createServer((_, response) => {
    const move = { ...MOVE, ...PROGRESS[Math.min(asked++, PROGRESS.length - 1)] };
    response.end(JSON.stringify({ move }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const env = {
    CMK_ADMIN_TOKEN: TOKEN,
    CMK_BROKER_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  };
  const show = ['admin', 'moves', 'show', MOVE.id, '--account', 'acme'];
  const followed = await runCmk([...show, '--follow'], { env, terminals: { stderr: true } });
  t.is(followed.code, 0);
  t.is(asked, PROGRESS.length);
  t.regex(followed.stderr, /move \[.*\] 25% of 1000, 25\.0 a second, until 2023-11-14T22:14:00\.000Z/);
  t.regex(followed.stderr, /25% of 1000, waits: KEY_DISABLED/);
  t.regex(followed.stdout.toString(), /^state +done$/m);
  t.regex(followed.stdout.toString(), /^ends +2023-11-14T22:14:01\.000Z$/m);

  asked = 1;
  const waiting = await runCmk(show, { env });
  t.regex(waiting.stdout.toString(), /^state +waits$/m);
  t.regex(waiting.stdout.toString(), /^✘ key one: disabled\n {2}KEY_DISABLED\. The customer disabled/m);
  t.is(asked, 2, 'asked once');
});
