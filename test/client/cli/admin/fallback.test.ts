import test from 'ava';
import { issue } from '../../../support/broker-world.ts';
import { operatorDesk } from '../../../support/operator-desk.ts';

const ACCOUNT = ['--account', 'acme'];

test('leases of asset types are shortened and listed', async (t) => {
  const { admin, words, json } = await operatorDesk(t);
  t.is(await words('leases', 'list', ...ACCOUNT), 'all data keys are lent for 300 s at the most\n');
  const lease = { srvId: '0001', type: 'MeetingWebinarRecording', seconds: 60 };
  t.deepEqual(await json('leases', 'set', '0001', 'MeetingWebinarRecording', '60', ...ACCOUNT), lease);
  t.deepEqual(await json('leases', 'list', ...ACCOUNT), { leases: [lease], next: null });
  t.regex(await words('leases', 'list', ...ACCOUNT), /^0001 +MeetingWebinarRecording +60 s$/m);
  for (const wrong of ['301', 'long']) {
    t.is((await admin('leases', 'set', '0001', 'MeetingWebinarRecording', wrong, ...ACCOUNT)).code, 2);
  }
});

test('fallback is set bit by bit; off while it lasts wants a confirmation', async (t) => {
  const { admin, words, json, world } = await operatorDesk(t);
  const { kms, reference, recorder } = world;
  const policy = { mode: 'ANY', maxHours: 24, maxAssets: null };
  t.deepEqual(
    await json('fallback', 'set', ...ACCOUNT, '--mode', 'any', '--max-hours', '24', '--max-assets', 'none'),
    policy,
  );
  t.deepEqual(await json('fallback', 'set', ...ACCOUNT, '--max-assets', '500'), {
    ...policy,
    maxAssets: 500,
  });
  t.regex(
    await words('fallback', 'show', ...ACCOUNT),
    /^mode +any: whenever .*\nat a time +for 24 hours at the most\n +for 500 assets at the most\n$/,
  );
  const wrong = await admin('fallback', 'set', ...ACCOUNT, '--max-hours', '0');
  t.is(wrong.code, 2);
  t.regex(wrong.stderr, /--max-hours: expected a number from 1 on, or none, got 0/);

  t.is(await words('fallback', 'episodes', ...ACCOUNT), 'it never did\n');
  kms.key(reference).state = 'DISABLED';
  await issue(recorder);
  const episodes = await words('fallback', 'episodes', ...ACCOUNT);
  t.regex(episodes, /^\d{4}-\S+Z +lasts; the key is tried at \d{4}-\S+Z +1 +KEY_DISABLED +/m);
  t.regex(episodes, /^✘ KEY_DISABLED\. The customer disabled/m);
  const off = ['fallback', 'set', ...ACCOUNT, '--mode', 'off'];
  const refused = await admin(...off);
  t.is(refused.code, 2);
  t.regex(refused.stderr, /stands in at present(.*\n)*.*nothing was changed/);
  t.like(await json('fallback', 'show', ...ACCOUNT), { mode: 'ANY' });
  t.like(await json(...off, '--yes', 'acme'), { mode: 'OFF' });
});

test('what is to happen when no key works is set for a type, and listed', async (t) => {
  const { admin, words, json, world } = await operatorDesk(t);
  t.regex(
    await words('fallback', 'on-failure', ...ACCOUNT),
    /^an asset that no key protects is not stored\n$/,
  );
  const set = ['fallback', 'on-failure', '0003', 'PhoneVoicemail'];
  t.like(await json(...set, 'drop-session', ...ACCOUNT), { wish: 'DROP_SESSION' });
  t.regex(await words('fallback', 'on-failure', ...ACCOUNT), /^0003 +PhoneVoicemail +the session is ended$/m);
  t.deepEqual(
    await json('fallback', 'on-failure', ...ACCOUNT),
    (await world.admin('GET', '/v1/accounts/acme/on-failure')).body,
  );
  for (const args of [['0003'], ['0003', 'PhoneVoicemail'], ['0003', 'PhoneVoicemail', 'cry']]) {
    const { code, stderr } = await admin('fallback', 'on-failure', ...args, ...ACCOUNT);
    t.is(code, 2);
    t.regex(stderr, /expected a service, an asset type, and fail-asset or drop-session, got 0003/);
  }
});
