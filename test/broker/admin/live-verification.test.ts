import { request, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import { adminWorld, HEADER, OPERATOR, principal, type AdminWorld } from '../../support/admin-world.ts';
import { eventually } from '../../support/eventually.ts';

const KEYS = '/v1/accounts/acme/keys';
const LINES = { accept: 'application/x-ndjson' };

type Line = Record<string, Record<string, unknown>>;

function linesOf(text: unknown): Line[] {
  return String(text)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
}

/** A browser that reads while the broker still writes. */
async function listen(t: ExecutionContext, { app }: AdminWorld, path: string, body: object) {
  await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  const headers = {
    ...LINES,
    'content-type': 'application/json',
    [HEADER]: JSON.stringify(principal('ADMINISTRATOR', 'acme')),
  };
  const url = `http://127.0.0.1:${port}${path}`;
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request(url, { method: 'POST', headers, agent: false }, resolve)
      .on('error', reject)
      .end(JSON.stringify(body));
  });
  t.teardown(() => response.destroy());
  let text = '';
  response.setEncoding('utf8').on('data', (part: string) => void (text += part));
  return { response, lines: () => linesOf(text) };
}

test('each step is told as it begins and as it ends, while the next one runs', async (t) => {
  const world = await adminWorld(t);
  const references = [world.kms.createKey('mine')];
  const release = world.kms.hold();
  const { response, lines } = await listen(t, world, `${KEYS}/verify`, { provider: 'aws', references });
  t.is(response.statusCode, 200);
  t.is(response.headers['content-type'], 'application/x-ndjson');
  t.is(response.headers['cache-control'], 'no-store');
  await eventually(() => lines().length === 3);
  t.deepEqual(
    lines().map(({ step }) => [step?.['step'], step?.['outcome']]),
    [
      ['NOT_ENROLLED_ELSEWHERE', 'RUNNING'],
      ['NOT_ENROLLED_ELSEWHERE', 'OK'],
      ['DESCRIBE', 'RUNNING'],
    ],
    'the KMS has not answered yet',
  );
  release();
  await eventually(() => response.complete);
  const all = lines();
  const ended = all.flatMap(({ step }) => (step && step['outcome'] !== 'RUNNING' ? [step] : []));
  t.is(all.length, ended.length * 2 + 1);
  t.deepEqual(all.at(-1), { answer: { ok: true, steps: ended } });
});

test('who goes away ends the verification with the step that runs, and the ledger tells it', async (t) => {
  const world = await adminWorld(t);
  const references = [world.kms.createKey('mine')];
  const release = world.kms.hold();
  const { response, lines } = await listen(t, world, `${KEYS}/verify`, { provider: 'aws', references });
  await eventually(() => lines().length === 3);
  const { calls } = world.kms;
  response.destroy();
  const { server } = world.app;
  await eventually(
    () => new Promise<boolean>((resolve) => server.getConnections((_error, count) => resolve(count === 0))),
  );
  const before = calls.length;
  release();
  await eventually(async () => (await world.audit()).some(({ detail }) => detail?.includes('CANCELLED')));
  t.is(calls.length, before, 'no KMS was asked again');
  t.like((await world.audit())[0], { action: 'ADMINISTER', outcome: 'FAILED', account: 'acme' });
});

test('what fails before the first step is a problem as ever', async (t) => {
  const { ask } = await adminWorld(t);
  const nonsense = { provider: 'aws', references: ['twice', 'twice'] };
  const refused = await ask(OPERATOR, 'POST', `${KEYS}/verify`, { body: nonsense, headers: LINES });
  t.is(refused.status, 400);
  t.regex(String(refused.headers['content-type']), /^application\/problem\+json/);
  t.like(refused.body, { code: 'INVALID_ARGUMENT', status: 400 });
});

test('a key that is enrolled, and its new replica, are verified in the same way', async (t) => {
  const { ask, kms, kek, reference, replica } = await adminWorld(t);
  const again = await ask(OPERATOR, 'POST', `${KEYS}/${kek.id}/verify`, { headers: LINES });
  t.like(linesOf(again.body['text']).at(-1), { answer: { ok: true } });
  const references = [reference, replica, kms.replicate(reference, 'another-replica')];
  const url = `${KEYS}/${kek.id}/references`;
  const set = await ask(OPERATOR, 'PUT', url, { body: { references }, headers: LINES });
  t.like(linesOf(set.body['text']).at(-1), { answer: { references } });
  t.like((await ask(OPERATOR, 'GET', url)).body, { references });
});

test('without new references there are no steps, and one answer', async (t) => {
  const { ask, kek } = await adminWorld(t);
  const url = `${KEYS}/${kek.id}/references`;
  const body = { references: kek.references };
  const set = await ask(OPERATOR, 'PUT', url, { body, headers: LINES });
  t.deepEqual(set.body, { references: kek.references, steps: [] });
  t.is(typeof set.headers['etag'], 'string');
});

test('what fails behind the first step is the last line', async (t) => {
  const { ask, kms, kek, reference } = await adminWorld(t);
  const stored = kek.references;
  const replica = kms.replicate(reference, 'replica-of-it');
  kms.key(replica).failure = 'KEY_DISABLED';
  const body = { references: [reference, replica] };
  const url = `${KEYS}/${kek.id}/references`;
  const answer = await ask(OPERATOR, 'PUT', url, { body, headers: LINES });
  t.is(answer.status, 200);
  const lines = linesOf(answer.body['text']);
  t.like(lines.at(-1)?.['problem'], { code: 'KEY_DISABLED', status: 422, retryable: false });
  const steps = lines.flatMap(({ step }) => (step && step['outcome'] !== 'RUNNING' ? [step] : []));
  t.deepEqual(lines.at(-1)?.['problem']?.['steps'], steps);
  t.deepEqual((await ask(OPERATOR, 'GET', url)).body, { references: stored });
});
