import { readFileSync } from 'node:fs';
import test, { type ExecutionContext } from 'ava';
import { brokerWorld, issue, type BrokerWorld } from '../support/broker-world.ts';
import { ASSET } from '../support/key-world.ts';
import { TOKEN } from '../support/settings.ts';

interface Example {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly status: number;
  readonly answerHeaders: Readonly<Record<string, string>>;
  readonly answer: unknown;
}

/** Requests and answers, as they stand in the page. */
function examples(): Example[] {
  const page = readFileSync('docs/administration.md', 'utf8');
  return [...page.matchAll(/^```http\n([^]*?)\n\nHTTP (\d+)\n([^]*?)\n```$/gm)].map(
    ([, request = '', status, answer = '']) => {
      const [first = '', ...rest] = request.split('\n');
      const [method = '', path = ''] = first.split(' ');
      const asked = split(rest);
      const answered = split(answer.split('\n'));
      return {
        method,
        path,
        headers: asked.headers,
        body: asked.body || undefined,
        status: Number(status),
        answerHeaders: answered.headers,
        answer: JSON.parse(answered.body) as unknown,
      };
    },
  );
}

function split(lines: readonly string[]): { headers: Record<string, string>; body: string } {
  const begin = lines.findIndex((line) => line.startsWith('{'));
  const headers = begin < 0 ? lines : lines.slice(0, begin);
  const body = begin < 0 ? [] : lines.slice(begin);
  const pairs = headers.map((line) => line.split(/: (.*)/s).slice(0, 2) as [string, string]);
  return { headers: Object.fromEntries(pairs), body: body.join('\n') };
}

/** What the page says must be in the answer; `…` is anything. */
function assertIn(t: ExecutionContext, expected: unknown, actual: unknown, at: string): void {
  if (typeof expected === 'string') {
    const parts = expected.split('…').map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    t.regex(String(actual), new RegExp(`^${parts.join('.+')}$`), at);
  } else if (Array.isArray(expected)) {
    t.is((actual as unknown[]).length, expected.length, at);
    for (const [index, each] of expected.entries()) {
      assertIn(t, each, (actual as unknown[])[index], `${at}[${index}]`);
    }
  } else if (typeof expected === 'object' && expected !== null) {
    for (const [name, each] of Object.entries(expected)) {
      assertIn(t, each, (actual as Record<string, unknown>)[name], `${at}.${name}`);
    }
  } else t.is(actual, expected, at);
}

/** What the page takes for granted: two recordings, a group, and keys in a KMS. */
async function asOnThePage({ admin, recorder, kms }: BrokerWorld): Promise<void> {
  for (const id of ['one', 'two']) await issue(recorder, { asset: { ...ASSET, id }, owner: 'user-9' });
  await admin('PUT', '/v1/accounts/acme/groups/legal', { name: 'Legal', licensed: false, members: [] });
  for (const name of ['globex', 'other']) kms.createKey(name);
}

test('every request on the page about administration gets the answer that stands there', async (t) => {
  const world = await brokerWorld(t);
  await asOnThePage(world);
  const all = examples();
  t.is(all.length, (readFileSync('docs/administration.md', 'utf8').match(/^```http$/gm) ?? []).length);
  t.true(all.length >= 9);
  for (const { method, path, headers, body, status, answerHeaders, answer } of all) {
    const response = await fetch(`http://127.0.0.1:${world.broker.adminPort}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${TOKEN}`,
        ...(body && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body && { body }),
    });
    const at = `${method} ${path}`;
    const got: unknown = await response.json();
    t.is(response.status, status, `${at}: ${JSON.stringify(got)}`);
    assertIn(t, answer, got, at);
    for (const [name, value] of Object.entries(answerHeaders)) {
      assertIn(t, value, response.headers.get(name), `${at}: ${name}`);
    }
  }
});
