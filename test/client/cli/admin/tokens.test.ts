import test from 'ava';
import { operatorDesk } from '../../../support/operator-desk.ts';
import { runCmk } from '../../../support/fake-terminal.ts';

const ACCOUNT = ['--account', 'acme'];

test('a token is made, used in place of the operator’s, listed without it, and revoked', async (t) => {
  const { admin, words, json, env } = await operatorDesk(t);
  t.is(await words('tokens', 'list', ...ACCOUNT), 'no tokens\n');
  const made = (await json('tokens', 'create', 'backup', ...ACCOUNT, '--role', 'auditor')) as {
    token: { id: string };
    secret: string;
  };
  const asProgram = (...args: string[]) =>
    runCmk(['admin', ...args], { env: { ...env, CMK_ADMIN_TOKEN: made.secret } });
  t.is((await asProgram('keys', 'list', ...ACCOUNT)).code, 0);
  const refused = await asProgram('contacts', 'set', ...ACCOUNT, '--none');
  t.regex(refused.stderr, /not allowed to the role AUDITOR/);

  const listed = await words('tokens', 'list', ...ACCOUNT);
  t.regex(
    listed,
    /^TOKEN +NAME +ROLE +UNTIL +LAST USED +MADE BY\n\S+ {2}backup {2}auditor {2}\S+Z {2}\S+Z {2}operator\n$/,
  );
  t.false(listed.includes(made.secret));
  t.regex(
    await words('tokens', 'create', 'deploy', ...ACCOUNT, '--role', 'administrator', '--days', '7'),
    /^role +administrator: reads and changes\nuntil +\S+Z\nsecret +cmk_[\w-]{43} \(shown this once/m,
  );
  t.is((await admin('tokens', 'create', 'x', ...ACCOUNT, '--role', 'auditor', '--days', '0')).code, 2);
  t.is((await admin('tokens', 'create', 'x', ...ACCOUNT, '--role', 'operator')).code, 2);

  const { id } = made.token;
  t.is(await words('tokens', 'revoke', id, ...ACCOUNT), `token ${id} is revoked\n`);
  t.regex((await asProgram('keys', 'list', ...ACCOUNT)).stderr, /expected a valid bearer token/);
});
