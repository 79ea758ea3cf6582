import { writeFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { issue } from '../../../support/broker-world.ts';
import { cmk } from '../../../support/cmk-command.ts';
import { runCmk } from '../../../support/fake-terminal.ts';
import { operatorDesk } from '../../../support/operator-desk.ts';
import { TOKEN } from '../../../support/settings.ts';

const ACCOUNT = ['--account', 'acme'];

test('what takes protection away shows what it would do, and is done only when somebody confirms it', async (t) => {
  const { admin, typing, env, world } = await operatorDesk(t);
  await world.admin('PUT', '/v1/accounts/acme/groups/legal', {
    name: 'Legal',
    licensed: true,
    members: ['u-1', 'u-2'],
  });
  const acts: Record<string, { args: string[]; shows: RegExp }> = {
    'a key retires': { args: ['keys', 'retire', world.kekId, ...ACCOUNT], shows: /^Blast radius/m },
    'a key is revoked': { args: ['keys', 'revoke', world.kekId, ...ACCOUNT], shows: /^Blast radius/m },
    'a licence shrinks': {
      args: ['accounts', 'put', 'acme', '--licence', 'none'],
      shows: /shrinks from “account.*1 enrolled asset type /s,
    },
    'a group loses a member': {
      args: ['groups', 'put', 'legal', ...ACCOUNT, '--member', 'u-1'],
      shows: /^1 user will not .* legal any more: u-2\./,
    },
    'a group loses its licence': {
      args: ['groups', 'put', 'legal', ...ACCOUNT, '--no-licensed'],
      shows: /^2 users will not/,
    },
    'an asset type is not enrolled any more': {
      args: ['enrolments', 'remove', '0001', 'MeetingWebinarRecording', ...ACCOUNT],
      shows: /protected by the provider’s key, no longer by acme’s/,
    },
  };
  const state = async () => {
    const paths = ['', '/groups', '/enrolments'].map((path) => `/v1/accounts/acme${path}`);
    const facts = await Promise.all(paths.map(async (path) => (await world.admin('GET', path)).body));
    return {
      facts,
      position: await world.store.newestKeyPosition(),
      kek: await world.store.findKek(world.kekId),
    };
  };
  const before = await state();
  for (const [name, { args, shows }] of Object.entries(acts)) {
    for (const [how, run] of Object.entries({
      'no terminal': () => runCmk(['admin', ...args], { env, input: Buffer.from('acme\n') }),
      'no terminal to ask on': () =>
        runCmk(['admin', ...args], { env, input: Buffer.from('acme\n'), terminals: { stdin: true } }),
      'another account': () => admin(...args, '--yes', 'globex'),
      'something else typed': () => typing('yes\n', ...args),
      'nothing typed': () => typing('', ...args),
    })) {
      const { code, stderr, stdout } = await run();
      t.is(code, 2, `${name}, ${how}: ${stderr}`);
      t.regex(stderr, shows, `${name}, ${how}`);
      t.regex(stderr, /nothing was changed \[INVALID_ARGUMENT\]/, `${name}, ${how}`);
      t.is(stdout.length, 0);
    }
  }
  t.deepEqual(await state(), before);
  const shrunk = await typing('acme\n', 'accounts', 'put', 'acme', '--licence', 'none');
  t.is(shrunk.code, 0, shrunk.stderr);
  t.regex(shrunk.stderr, /Type the account’s name \(acme\) to go on: /);
});

test('what somebody changes while another confirms is not overwritten', async (t) => {
  const { env, words, world } = await operatorDesk(t);
  const { kekId, reference, kms, recorder, admin } = world;
  const replica = kms.replicate(reference, 'replica');
  const acme = '/v1/accounts/acme';
  const legal = { name: 'Legal', licensed: true, members: ['u-1', 'u-2'] };
  await admin('PUT', `${acme}/groups/legal`, legal);
  await words('keys', 'references', kekId, reference, replica, ...ACCOUNT);
  await words('fallback', 'set', ...ACCOUNT, '--mode', 'any');
  kms.key(reference).state = 'DISABLED';
  kms.key(replica).state = 'DISABLED';
  await issue(recorder);
  const acts: Record<string, { args: string[]; path: string; meanwhile: object }> = {
    'the licence': {
      args: ['accounts', 'put', 'acme', '--licence', 'none'],
      path: acme,
      meanwhile: { name: 'Acme', licence: 'ACCOUNT' },
    },
    'the licence, and what it covers': {
      args: ['coverage', 'apply', ...ACCOUNT, '--licence', 'none'],
      path: acme,
      meanwhile: { name: 'Acme Inc.', licence: 'ACCOUNT' },
    },
    'a group': {
      args: ['groups', 'put', 'legal', ...ACCOUNT, '--member', 'u-1'],
      path: `${acme}/groups/legal`,
      meanwhile: { ...legal, members: ['u-1', 'u-2', 'u-3'] },
    },
    'the fallback': {
      args: ['fallback', 'set', ...ACCOUNT, '--mode', 'off'],
      path: `${acme}/fallback`,
      meanwhile: { mode: 'ANY', maxHours: 24, maxAssets: null },
    },
    'the references of a key': {
      args: ['keys', 'references', kekId, reference, ...ACCOUNT],
      path: `${acme}/keys/${kekId}/references`,
      meanwhile: { references: [replica, reference] },
    },
  };
  for (const [name, { args, path, meanwhile }] of Object.entries(acts)) {
    const input = (async function* () {
      t.is((await admin('PUT', path, meanwhile)).status, 200, name);
      yield Buffer.from('acme\n');
    })();
    const terminals = { stdin: true, stderr: true };
    const { code, stderr } = await runCmk(['admin', ...args], { env, terminals, input });
    t.not(code, 0, name);
    t.regex(stderr, /is not as it was seen; changed since: \w+ \[STALE_VERSION\]/, name);
    t.like((await admin('GET', path)).body, meanwhile, name);
  }
});

test('wrong input is refused with what was expected, by the command or by the broker', async (t) => {
  const { admin } = await operatorDesk(t);
  const wrong: Record<string, { args: string[]; code: number; says: RegExp }> = {
    'no subject': { args: [], code: 2, says: /^Usage: cmk admin/ },
    'an unknown subject': { args: ['users'], code: 2, says: /unknown command 'users'/ },
    'no account': { args: ['keys', 'list'], code: 2, says: /'--account <name>' not specified/ },
    'an unknown account': {
      args: ['keys', 'list', '--account', 'nobody'],
      code: 5,
      says: /^cmk: no account .*\[ACCOUNT_UNKNOWN\]\n {5}The broker has no account of that name\. Create it/,
    },
    'a name that would be another path': {
      args: ['accounts', 'show', '..'],
      code: 2,
      says: /expected a name/,
    },
    'an empty name': { args: ['accounts', 'show', ''], code: 2, says: /expected a name/ },
    'a malformed name': { args: ['accounts', 'show', 'a b/c'], code: 2, says: /\[INVALID_ARGUMENT\]/ },
    'an unknown licence': {
      args: ['accounts', 'put', 'acme', '--licence', 'all'],
      code: 2,
      says: /Allowed choices are none, groups, account/,
    },
    'an unknown provider': {
      args: ['keys', 'verify', ...ACCOUNT, '--provider', 'gcp', '--reference', 'x'],
      code: 2,
      says: /Allowed choices are aws/,
    },
    'no key at all': {
      args: ['keys', 'verify', ...ACCOUNT],
      code: 2,
      says: /expected --provider and --reference/,
    },
    'two keys': {
      args: ['keys', 'verify', 'x', ...ACCOUNT, '--provider', 'aws'],
      code: 2,
      says: /got both/,
    },
    'an unknown key': {
      args: ['keys', 'show', 'x', ...ACCOUNT],
      code: 5,
      says: /acme has no key x \[NOT_FOUND\]/,
    },
    'an unknown asset type': {
      args: ['enrolments', 'add', '0001', 'Nothing', ...ACCOUNT],
      code: 5,
      says: /no such service and asset type/,
    },
    'members twice': {
      args: ['groups', 'put', 'g', ...ACCOUNT, '--member', 'u', '--members', 'f'],
      code: 2,
      says: /got both/,
    },
    'no members file': {
      args: ['groups', 'put', 'g', ...ACCOUNT, '--members', '/nowhere'],
      code: 3,
      says: /nowhere/,
    },
    'too many': { args: ['alerts', 'list', ...ACCOUNT, '--limit', '5000'], code: 2, says: /limit/ },
  };
  for (const [name, { args, code, says }] of Object.entries(wrong)) {
    const result = await admin(...args);
    t.is(result.code, code, `${name}: ${result.stderr}`);
    t.regex(result.stderr, says, name);
    t.is(result.stdout.length, 0, name);
  }
  const refused = await admin('accounts', 'show', 'nobody', '--json');
  t.like(JSON.parse(refused.stdout.toString()), { code: 'ACCOUNT_UNKNOWN', status: 404 });
});

test('the token is taken from the environment or a file, and is never told', async (t) => {
  const { env } = await operatorDesk(t);
  const folder = await mkdtemp(join(tmpdir(), 'cmk-token-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const tokenFile = join(folder, 'token');
  await writeFile(tokenFile, `${TOKEN}\n`);
  const { CMK_BROKER_URL: url = '' } = env as Record<string, string>;
  const list = ['admin', 'accounts', 'list'];
  const fromFile = await cmk([...list, '--broker-url', url, '--token-file', tokenFile]);
  t.is(fromFile.code, 0, fromFile.stderr);
  t.regex(fromFile.stdout.toString(), /^acme /m);
  const attempts: Record<string, { args: string[]; env?: NodeJS.ProcessEnv; code: number }> = {
    'as an option': { args: [...list, '--token', TOKEN], code: 2 },
    'as an option with =': { args: [...list, `--token=${TOKEN}`], code: 2 },
    'in the URL': {
      args: [...list, '--broker-url', url.replace('//', `//operator:${TOKEN}@`)],
      env,
      code: 2,
    },
    'to nobody': { args: [...list, '--broker-url', 'http://127.0.0.1:1'], env, code: 7 },
    'a wrong one': { args: list, env: { ...env, CMK_ADMIN_TOKEN: `${TOKEN}x` }, code: 5 },
    none: { args: list, env: { CMK_BROKER_URL: url }, code: 2 },
  };
  for (const [name, { args, code, ...rest }] of Object.entries(attempts)) {
    const result = await runCmk(args, rest);
    t.is(result.code, code, `${name}: ${result.stderr}`);
    t.false(`${result.stderr}${result.stdout.toString()}`.includes(TOKEN), name);
  }
});
