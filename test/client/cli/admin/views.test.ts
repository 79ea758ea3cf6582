import test from 'ava';
import { issue } from '../../../support/broker-world.ts';
import { operatorDesk } from '../../../support/operator-desk.ts';

const ACCOUNT = ['--account', 'acme'];
const RECORDING = { account: 'acme', srvId: '0001', type: 'MeetingWebinarRecording' };

test('an account is shown at one glance, with what needs somebody', async (t) => {
  const { words, json, world } = await operatorDesk(t);
  const { kms, reference, recorder, admin } = world;
  await issue(recorder, { asset: { ...RECORDING, id: 'one' } });
  const well = await words('overview', ...ACCOUNT);
  t.regex(well, /^account +acme, acme\nat +\d{4}-\S+Z\nfallback +not in force\nmoves +none under way\n/);
  t.regex(well, /^0001 +MeetingWebinarRecording +customer’s key +1 +1$/m);
  t.regex(well, /^to be set up +nobody is told when a key fails$/m);
  kms.key(reference).state = 'DISABLED';
  await t.throwsAsync(issue(recorder, { asset: { ...RECORDING, id: 'two' } }), { code: 'KEY_DISABLED' });
  const ill = await words('overview', ...ACCOUNT);
  t.regex(ill, /^urgent +a key cannot be used +reference fake:customer, cause KEY_DISABLED$/m);
  t.regex(ill, /^1 +failed +KEY_DISABLED$/m);
  const { overview } = (await json('overview', ...ACCOUNT)) as { overview: { protection: object } };
  const { body } = await admin('GET', '/v1/accounts/acme/overview');
  t.deepEqual(overview.protection, (body as { overview: typeof overview }).overview.protection);
});

test('assets are found by what protects them and shown with their keys', async (t) => {
  const { admin, words, json, world } = await operatorDesk(t);
  t.is(await words('assets', 'list', ...ACCOUNT), 'no assets\n');
  for (const id of ['meeting-1', 'meeting-2', 'other']) {
    await issue(world.recorder, { asset: { ...RECORDING, id } });
  }
  const of = ['--service', '0001', '--type', 'MeetingWebinarRecording'];
  const found = await words('assets', 'list', ...ACCOUNT, ...of, '--prefix', 'meeting-');
  t.regex(
    found,
    /^SERVICE.*\n0001 +MeetingWebinarRecording +meeting-1 +customer’s key +fake:customer .*\n.*meeting-2.*\n$/,
  );
  t.is(await words('assets', 'list', ...ACCOUNT, '--protection', 'fallback-key'), 'no assets\n');
  const page = await admin('assets', 'list', ...ACCOUNT, '--limit', '1');
  t.regex(page.stderr, /^cmk: there is more: --cursor \S+\n$/);
  t.deepEqual(
    await json('assets', 'list', ...ACCOUNT),
    (await world.admin('GET', '/v1/accounts/acme/assets')).body,
  );
  const shown = await words('assets', 'show', '0001', 'MeetingWebinarRecording', 'meeting-1', ...ACCOUNT);
  t.regex(shown, /^asset +0001 MeetingWebinarRecording meeting-1\nprotected by +customer’s key\n/);
  t.regex(shown, /^1 +in use +customer’s key +fake:customer +\d{4}-\S+Z$/m);
  const missing = await admin('assets', 'show', '0001', 'MeetingWebinarRecording', 'nothing', ...ACCOUNT);
  t.not(missing.code, 0);
  t.regex(missing.stderr, /ASSET_NOT_FOUND/);
});
