import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { operatorDesk } from '../../../support/operator-desk.ts';

test('accounts are made, changed, listed and shown', async (t) => {
  const { admin, words, json, world } = await operatorDesk(t);
  t.is(
    await words('accounts', 'list'),
    `ACCOUNT  LICENCE                      NAME
acme     account: everybody’s assets  acme
globex   account: everybody’s assets  globex
`,
  );
  const put = await json('accounts', 'put', 'initech', '--name', 'Initech Inc.');
  t.like(put, { id: 'initech', name: 'Initech Inc.', licence: 'NONE' });
  t.deepEqual(put, (await world.admin('GET', '/v1/accounts/initech')).body);
  const grown = await words('accounts', 'put', 'initech', '--licence', 'groups');
  t.regex(grown, /^name +Initech Inc\.\nlicence +groups: assets of members/m);
  t.deepEqual(
    await json('accounts', 'show', 'initech'),
    (await world.admin('GET', '/v1/accounts/initech')).body,
  );
  t.deepEqual(await json('accounts', 'list'), (await world.admin('GET', '/v1/accounts')).body);
  const first = await admin('accounts', 'list', '--limit', '1');
  t.regex(first.stdout.toString(), /^acme/m);
  const [, cursor = ''] = /^cmk: there is more: --cursor (\S+)\n$/.exec(first.stderr) ?? [];
  const page = await admin('accounts', 'list', '--limit', '2', '--cursor', cursor);
  t.regex(page.stdout.toString(), /^globex(.*\n)*initech/m);
  t.notRegex(page.stdout.toString(), /acme/);
  t.is(page.stderr, '', 'the last page');
});

test('groups keep what is not given, and take members from a file', async (t) => {
  const { words, json, world } = await operatorDesk(t);
  const folder = await mkdtemp(join(tmpdir(), 'cmk-groups-'));
  t.teardown(() => rm(folder, { recursive: true }));
  t.is(await words('groups', 'list', '--account', 'acme'), 'no groups\n');
  const put = ['groups', 'put', 'legal', '--account', 'acme'];
  await words(...put, '--name', 'Legal', '--member', 'u-1', 'u-2');
  await writeFile(join(folder, 'members'), 'u-3\nu-4\n\nu-3\n');
  t.like(await json(...put, '--members', join(folder, 'members'), '--licensed'), {
    name: 'Legal',
    licensed: true,
    members: ['u-3', 'u-4'],
  });
  t.regex(await words(...put, '--name', 'Law'), /^name +Law\nlicence +licensed\nmembers +2$/m);
  t.deepEqual(
    await json('groups', 'list', '--account', 'acme'),
    (await world.admin('GET', '/v1/accounts/acme/groups')).body,
  );
  t.regex(
    await words('groups', 'list', '--account', 'acme'),
    /^GROUP +LICENCE +MEMBERS +NAME\nlegal +licensed +2 +Law$/m,
  );
});

test('asset types are enrolled, and listed', async (t) => {
  const { words, json, world } = await operatorDesk(t);
  const account = ['--account', 'acme'];
  t.is(
    await words('enrolments', 'add', '0003', 'PhoneVoicemail', ...account),
    '0003 PhoneVoicemail is enrolled\n',
  );
  t.regex(
    await words('enrolments', 'list', ...account),
    /^SERVICE +ASSET TYPE\n(.*\n)*0003 +PhoneVoicemail$/m,
  );
  t.deepEqual(
    await json('enrolments', 'list', ...account),
    (await world.admin('GET', '/v1/accounts/acme/enrolments')).body,
  );
  t.deepEqual(await json('enrolments', 'remove', '0003', 'PhoneVoicemail', ...account, '--yes', 'acme'), {
    srvId: '0003',
    type: 'PhoneVoicemail',
    enrolled: false,
  });
});
