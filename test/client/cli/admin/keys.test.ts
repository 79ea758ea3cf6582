import test from 'ava';
import { issue, resolve, resolveRequestOf } from '../../../support/broker-world.ts';
import { eventually } from '../../../support/eventually.ts';
import { operatorDesk } from '../../../support/operator-desk.ts';
import { OPERATOR } from '../../../support/set-up.ts';

const ACCOUNT = ['--account', 'acme'];

test('keys are listed and shown, with what fails and what to do', async (t) => {
  const { words, json, world } = await operatorDesk(t);
  const { kekId, reference, kms, recorder, admin } = world;
  await issue(recorder);
  t.regex(
    await words('keys', 'list', ...ACCOUNT),
    new RegExp(
      `^KEY +LIFE +SEALS +OPENS +ENROLLED +IN ITS KMS\n${kekId} {2}(ready|protects).* {2}works +works +\\d{4}-\\S+Z {2}aws ${reference}\n$`,
    ),
  );
  kms.key(reference).state = 'DISABLED';
  const asset = { account: 'acme', srvId: '0001', type: 'MeetingWebinarRecording', id: 'another' };
  await t.throwsAsync(issue(recorder, { asset }), { code: 'KEY_DISABLED' });
  await eventually(async () => (await words('keys', 'show', reference, ...ACCOUNT)).includes('fails'));
  const shown = await words('keys', 'show', kekId, ...ACCOUNT);
  t.regex(shown, /^seals +fails +\d{4}-\S+Z +\d{4}-\S+Z +fake:customer$/m);
  t.regex(shown, /^✘ KEY_DISABLED\. The customer disabled the key in their KMS\. Enabling it there/m);
  t.deepEqual(
    Object.keys((await json('keys', 'show', kekId, ...ACCOUNT)) as object),
    Object.keys((await admin('GET', `/v1/accounts/acme/keys/${kekId}`)).body as object),
  );
});

test('a key is verified and enrolled, step by step, with the advice under the step that fails', async (t) => {
  const { admin, words, json, world } = await operatorDesk(t);
  const { kms, kekId, reference } = world;
  const good = kms.createKey('good');
  const candidate = (name: string) => [...ACCOUNT, '--provider', 'aws', '--reference', name];
  const verified = await words('keys', 'verify', ...candidate(good));
  t.regex(verified, /^fake:good\n( {2}✔ [a-z ]+\n){8}$/);
  t.like(await json('keys', 'verify', ...candidate(good)), { ok: true });
  const enrolled = await words('keys', 'enrol', ...candidate(good));
  t.true(enrolled.startsWith(`${verified}\nkey `));

  const bad = kms.createKey('bad');
  kms.key(bad).state = 'DISABLED';
  for (const command of ['verify', 'enrol']) {
    const refused = await admin('keys', command, ...candidate(bad));
    t.is(refused.code, 6, command);
    t.regex(
      refused.stdout.toString(),
      /^ {2}✔ not enrolled elsewhere\n {2}✘ describe\n {6}KEY_DISABLED: .*\n {6}→ mend KEY_DISABLED\n {2}· kind, not tried\n/m,
    );
    t.regex(refused.stderr, /^cmk: .* \[KEY_DISABLED\]\n {5}The customer disabled/);
  }
  const refused = await admin('keys', 'enrol', ...candidate(bad), '--json');
  t.like(JSON.parse(refused.stdout.toString()), { code: 'KEY_DISABLED', status: 422 });
  t.regex(await words('keys', 'verify', kekId, ...ACCOUNT), /✔ unwrap\n/);
  kms.key(reference).state = 'DISABLED';
  t.is((await admin('keys', 'verify', reference, ...ACCOUNT)).code, 6);
});

test('the blast radius says what hangs on a key; retired, it opens nothing until it is restored', async (t) => {
  const { admin, typing, words, json, world } = await operatorDesk(t);
  const { kekId, recorder, kms } = world;
  const sealed = resolveRequestOf(await issue(recorder));
  const next = kms.createKey('next');
  await words('keys', 'enrol', ...ACCOUNT, '--provider', 'aws', '--reference', next);
  await issue(recorder, {
    asset: { account: 'acme', srvId: '0001', type: 'MeetingWebinarRecording', id: 'two' },
  });

  const radius = await words('keys', 'blast-radius', kekId, ...ACCOUNT);
  t.regex(radius, /^Blast radius of key .*: 1 asset, 1 data key\n/);
  t.regex(radius, /^0001 +MeetingWebinarRecording +1 +1$/m);
  t.regex(radius, /^works +no other opens the same +fake:customer$/m);
  t.regex(radius, /^New assets: not affected\.$/m);
  t.like(await json('keys', 'blast-radius', kekId, ...ACCOUNT), { blastRadius: { dataKeys: 1 } });

  const retired = await typing('acme\n', 'keys', 'retire', kekId, ...ACCOUNT);
  t.is(retired.code, 0, retired.stderr);
  t.true(retired.stderr.includes('1 asset, 1 data key'));
  await t.throwsAsync(resolve(recorder, sealed));
  t.regex(await words('keys', 'restore', kekId, ...ACCOUNT), /^life +opens only$/m);
  await t.notThrowsAsync(resolve(recorder, sealed));

  t.regex(await words('keys', 'blast-radius', next, ...ACCOUNT), /^New assets: refused, as no other key/m);
  const last = await typing('acme\n', 'keys', 'retire', next, ...ACCOUNT);
  t.is(last.code, 0, last.stderr);
  t.regex(last.stderr, /^New assets: under the provider’s key from now on, as no other key/m);
  const { code, stderr } = await admin('keys', 'retire', next, ...ACCOUNT, '--yes', 'acme');
  t.is(code, 5);
  t.regex(stderr, /\[CONFLICT\]\n {5}The change contradicts/);
  t.regex(await words('keys', 'restore', next, ...ACCOUNT), /^life +protects new assets$/m);
});

test('a key is revoked, for its own account alone', async (t) => {
  const { admin, words, json, world } = await operatorDesk(t);
  t.deepEqual(await json('keys', 'revoke', world.kekId, ...ACCOUNT, '--yes', 'acme'), { position: 1 });
  t.is(await words('keys', 'revoke', world.reference, ...ACCOUNT, '--yes', 'acme'), 'revoked, as event 2\n');
  const others = await admin('keys', 'revoke', world.kekId, '--account', 'globex', '--yes', 'globex');
  t.is(others.code, 5);
  t.regex(others.stderr, /globex has no key/);
});

test('names of a key are shown, added after a verification, and removed after a confirmation', async (t) => {
  const { admin, words, json, world } = await operatorDesk(t);
  const { kekId, reference, kms } = world;
  const replica = kms.replicate(reference, 'replica');
  const command = ['keys', 'references', kekId];
  t.is(await words(...command, ...ACCOUNT), `1  ${reference}\n`);
  t.regex(
    await words(...command, reference, replica, ...ACCOUNT),
    /✔ unwrap\n(.*\n)*1 {2}fake:customer\n2 {2}fake:replica\n$/,
  );
  const refused = await admin(...command, replica, ...ACCOUNT);
  t.is(refused.code, 2);
  t.regex(
    refused.stderr,
    /no longer reached as\n {2}fake:customer\nBlast radius(.*\n)*.*another opens the same/,
  );
  t.like(await json(...command, replica, ...ACCOUNT, '--yes', 'acme'), { references: [replica] });
  const foreign = kms.createKey('foreign');
  const wrong = await admin(...command, replica, foreign, ...ACCOUNT);
  t.not(wrong.code, 0);
  t.regex(wrong.stdout.toString(), /✘/);
});

test('what a customer has to prepare is shown whole, or one document alone', async (t) => {
  const { admin, words, json, world } = await operatorDesk(t, OPERATOR);
  const command = ['keys', 'set-up', ...ACCOUNT, '--provider', 'aws', '--aws-account', '111122223333'];
  const facts = ['--regions', 'eu-central-1,eu-west-1'];
  const answer = (await json(...command, ...facts)) as { documents: { title: string; text: string }[] };
  const query = 'provider=aws&awsAccount=111122223333&regions=eu-central-1,eu-west-1';
  t.deepEqual(answer, (await world.admin('GET', `/v1/accounts/acme/key-set-up?${query}`)).body);
  const text = await words(...command, ...facts);
  for (const [index, document] of answer.documents.entries()) {
    t.true(text.includes(`${index + 1}  ${document.title} (for `), document.title);
    t.true(text.includes(document.text.trimEnd()), document.title);
    t.is(await words(...command, ...facts, '--document', String(index + 1)), document.text);
  }
  const refused: Record<string, [args: string[], says: RegExp]> = {
    'no such document': [
      [...facts, '--document', '99'],
      /--document: expected a number from 1 to \d+, got 99/,
    ],
    'a missing fact': [[], /aws: expected also --regions/],
    'another KMS’s fact': [[...facts, '--vault', 'x'], /aws: expected no --vault/],
    'a bad fact': [['--regions', 'nowhere'], /regions/],
  };
  for (const [name, [args, says]] of Object.entries(refused)) {
    const { code, stderr } = await admin(...command, ...args);
    t.is(code, 2, name);
    t.regex(stderr, says, name);
  }
});
