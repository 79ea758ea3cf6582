import test from 'ava';
import { issue } from '../../../support/broker-world.ts';
import { operatorDesk } from '../../../support/operator-desk.ts';

const ACCOUNT = ['--account', 'acme'];

test('a change of coverage is previewed; one that covers less wants a confirmation', async (t) => {
  const { admin, words, json, world } = await operatorDesk(t);
  await issue(world.recorder);
  const shrink = [...ACCOUNT, '--licence', 'none'];
  const preview = await words('coverage', 'preview', ...shrink);
  t.regex(preview, /^0001 +MeetingWebinarRecording +everybody +CUSTOMER_KEY +PLATFORM_KEY \(\w+\)$/m);
  t.regex(preview, /^0001 +MeetingWebinarRecording +leave +1 +0$/m);
  t.deepEqual(
    await json('coverage', 'preview', ...shrink),
    (await world.admin('POST', '/v1/accounts/acme/coverage/preview', { kind: 'LICENCE', licence: 'NONE' }))
      .body,
  );
  const refused = await admin('coverage', 'apply', ...shrink);
  t.is(refused.code, 2);
  t.true(refused.stderr.startsWith(preview));
  t.regex(refused.stderr, /nothing was changed/);
  t.like(await json('accounts', 'show', 'acme'), { licence: 'ACCOUNT' });

  const grow = [...ACCOUNT, '--service', '0003', '--type', 'PhoneVoicemail', '--enrolled'];
  t.is(await words('coverage', 'apply', ...grow), 'done; existing data stays where it is\n');
  t.regex(await words('enrolments', 'list', ...ACCOUNT), /^0003 +PhoneVoicemail$/m);
  t.regex(
    await words('coverage', 'apply', ...shrink, '--move-existing', '--yes', 'acme'),
    /^\S+ +leave +runs +0 of 1/m,
  );

  for (const args of [[], ['--licence', 'none', '--group', 'g']]) {
    const { code, stderr } = await admin('coverage', 'preview', ...ACCOUNT, ...args);
    t.is(code, 2);
    t.regex(stderr, /expected exactly one of --licence, --group/);
  }
});

test('a group’s members come and go', async (t) => {
  const { words, json } = await operatorDesk(t);
  await words('groups', 'put', 'legal', ...ACCOUNT, '--licensed', '--member', 'u-1');
  await words('accounts', 'put', 'acme', '--licence', 'groups', '--yes', 'acme');
  const change = [...ACCOUNT, '--group', 'legal', '--add', 'u-2', 'u-3'];
  t.regex(
    await words('coverage', 'preview', ...change),
    /MeetingWebinarRecording +2 users +PLATFORM_KEY +CUSTOMER_KEY/,
  );
  await words('coverage', 'apply', ...change);
  t.like(await json('groups', 'list', ...ACCOUNT), { groups: [{ id: 'legal', licensed: true }] });
});
