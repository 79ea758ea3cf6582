import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { startTransit, type Transit, type TransitOptions } from '../../../sandbox/transit/emulator.ts';

const ALL = 'path "transit/*" { capabilities = ["create", "read", "update"] }';
const SECRET = Buffer.from('a secret of 32 bytes, or nearly.').toString('base64');

async function start(t: ExecutionContext, options: TransitOptions = {}): Promise<Transit> {
  const transit = await startTransit(options);
  t.teardown(() => transit.close());
  transit.putPolicy('all', ALL);
  return transit;
}

async function ask(
  transit: Transit,
  path: string,
  body: object | string | null = null,
  token: string | null = transit.createToken(['all']),
): Promise<{ status: number; errors: string[]; data: Record<string, unknown> }> {
  const response = await fetch(`${transit.url}/v1/${path}`, {
    method: body === null ? 'GET' : 'POST',
    headers: token === null ? {} : { 'x-vault-token': token },
    ...(body === null ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const { errors = [], data = {} } = (await response.json()) as {
    errors?: string[];
    data?: Record<string, unknown>;
  };
  return { status: response.status, errors, data };
}

test('a ciphertext opens under its associated data and key alone', async (t) => {
  const transit = await start(t);
  transit.createKey('one');
  transit.createKey('two', { type: 'chacha20-poly1305' });
  for (const name of ['one', 'two']) {
    const { data } = await ask(transit, `transit/encrypt/${name}`, {
      plaintext: SECRET,
      associated_data: 'YQ==',
    });
    const { ciphertext } = data;
    const open = (key: string, associated_data: string) =>
      ask(transit, `transit/decrypt/${key}`, { ciphertext, associated_data });
    t.is((await open(name, 'YQ==')).data['plaintext'], SECRET);
    const refused = { status: 400, errors: ['cipher: message authentication failed'] };
    t.like(await open(name, 'Yg=='), refused);
    t.like(await open(name === 'one' ? 'two' : 'one', 'YQ=='), refused);
  }
});

for (const [title, path, body, status, text] of [
  ['no JSON', 'transit/encrypt/k', '{', 400, /failed to parse JSON/],
  ['no plaintext', 'transit/encrypt/k', {}, 400, /missing plaintext to encrypt/],
  ['no ciphertext', 'transit/decrypt/k', {}, 400, /missing ciphertext to decrypt/],
  ['plaintext that is no Base64', 'transit/encrypt/k', { plaintext: '*' }, 400, /illegal base64/],
  [
    'associated data that is no Base64',
    'transit/encrypt/k',
    { plaintext: SECRET, associated_data: '*' },
    400,
    /illegal base64/,
  ],
  [
    'a parameter that is not emulated',
    'transit/encrypt/k',
    { plaintext: SECRET, batch_input: [] },
    400,
    /not supported by this emulator/,
  ],
  ['a missing key', 'transit/decrypt/gone', { ciphertext: 'vault:v1:AA==' }, 400, /encryption key not found/],
  ['no prefix', 'transit/decrypt/k', { ciphertext: 'AA==' }, 400, /no prefix/],
  ['a version to come', 'transit/decrypt/k', { ciphertext: 'vault:v9:AA==' }, 400, /version is too new/],
  ['reading what is written', 'transit/encrypt/k', null, 405, /unsupported operation/],
  ['a missing key’s description', 'transit/keys/gone', null, 404, /^$/],
] as const) {
  test(`refused: ${title}`, async (t) => {
    const transit = await start(t);
    transit.createKey('k');
    const answer = await ask(transit, path, body);
    t.is(answer.status, status);
    t.regex(answer.errors.join(), text);
  });
}

test('encrypting with a key that is not there makes it, for whoever may create', async (t) => {
  const transit = await start(t);
  transit.putPolicy('users', 'path "transit/*" { capabilities = ["read", "update"] }');
  const user = transit.createToken(['users']);
  t.is((await ask(transit, 'transit/encrypt/new', { plaintext: SECRET }, user)).status, 403);
  t.is((await ask(transit, 'transit/encrypt/new', { plaintext: SECRET })).status, 200);
  t.is((await ask(transit, 'transit/encrypt/new', { plaintext: SECRET }, user)).status, 200);
});

test('a request without token, with a wrong one, and without permission are told apart', async (t) => {
  const transit = await start(t);
  t.like(await ask(transit, 'transit/keys/k', null, null), { status: 400, errors: ['missing client token'] });
  t.regex(
    (await ask(transit, 'transit/keys/k', null, 'hvs.wrong')).errors.join(),
    /permission denied\n.*invalid token/,
  );
  const powerless = transit.createToken([]);
  const answer = await ask(transit, 'transit/keys/k', null, powerless);
  t.is(answer.status, 403);
  t.notRegex(answer.errors.join(), /invalid token/);
  t.is((await ask(transit, 'auth/token/lookup-self', null, powerless)).status, 200);
});

test('the audit log shows who did what, and no secret in the clear', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'cmk-transit-'));
  const eventsPath = join(folder, 'audit.log');
  const transit = await start(t, { auditPlainKeys: ['associated_data'], eventsPath });
  transit.createKey('k');
  const token = transit.createToken(['all']);
  const { data } = await ask(
    transit,
    'transit/encrypt/k',
    { plaintext: SECRET, associated_data: 'YQ==' },
    token,
  );
  await ask(transit, 'transit/decrypt/k', { ciphertext: data['ciphertext'], associated_data: 'Yg==' }, token);
  const [encrypted, failed] = transit.events();
  t.like(encrypted, {
    type: 'response',
    auth: {
      client_token: transit.auditHash(token),
      policies: ['default', 'all'],
      policy_results: { allowed: true },
    },
    request: {
      operation: 'update',
      path: 'transit/encrypt/k',
      mount_point: 'transit/',
      data: { plaintext: transit.auditHash(SECRET), associated_data: 'YQ==' },
    },
    response: { data: { ciphertext: transit.auditHash(String(data['ciphertext'])), key_version: 1 } },
  });
  t.is(failed?.error, 'cipher: message authentication failed');
  const file = readFileSync(eventsPath, 'utf8');
  t.is(file.trim().split('\n').length, 2);
  for (const secret of [SECRET, token]) t.false(file.includes(secret));
});

test('as a process: a console, and keys that outlive a restart', async (t) => {
  const statePath = join(mkdtempSync(join(tmpdir(), 'cmk-transit-')), 'state.json');
  const first = await run(t, statePath);
  const made = await control(first.controlUrl, 'POST', 'keys/k');
  t.is(made['url'], `${first.url}/v1/transit/keys/k`);
  await control(first.controlUrl, 'PUT', 'policies/all', ALL);
  await control(first.controlUrl, 'POST', 'keys/k/rotate');
  await first.stop();
  const second = await run(t, statePath);
  t.like(await control(second.controlUrl, 'GET', 'keys'), [
    { name: 'k', latestVersion: 2, softDeleted: false },
  ]);
  const { token } = (await control(second.controlUrl, 'POST', 'tokens', '["all"]')) as { token: string };
  const read = async () =>
    (await fetch(`${second.url}/v1/transit/keys/k`, { headers: { 'x-vault-token': token } })).status;
  t.is(await read(), 200);
  await control(second.controlUrl, 'POST', 'faults', '{"effect":{"kind":"throttle"}}');
  t.is(await read(), 429);
  await control(second.controlUrl, 'DELETE', 'faults');
  await control(second.controlUrl, 'POST', 'keys/k/disable');
  t.like(await control(second.controlUrl, 'GET', 'keys'), [{ softDeleted: true }]);
  await control(second.controlUrl, 'POST', 'seal');
  t.is(await read(), 503);
  await t.throwsAsync(control(second.controlUrl, 'POST', 'keys/gone/rotate'), { message: /^404/ });
  await second.stop();
});

async function run(
  t: ExecutionContext,
  statePath: string,
): Promise<{ url: string; controlUrl: string; stop(): Promise<void> }> {
  const child = spawn(process.execPath, ['sandbox/transit/main.ts', '--state', statePath], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const exited = once(child, 'exit');
  const stop = async () => {
    child.kill('SIGTERM');
    t.deepEqual(await exited, [0, null]);
  };
  return { ...(JSON.parse(line.toString()) as { url: string; controlUrl: string }), stop };
}

async function control(
  url: string,
  method: string,
  path: string,
  body?: string,
): Promise<Record<string, unknown>> {
  const response = await fetch(`${url}/${path}`, { method, ...(body === undefined ? {} : { body }) });
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.status}: ${text}`);
  return JSON.parse(text) as Record<string, unknown>;
}
