import test from 'ava';
import { escapeText } from '../../../../broker/kms/pkcs11/reference.ts';
import { CustomersShell, keySetUpFor, optionOf, textOf } from '../../../support/set-up.ts';

const documentsOf = (uri: string) => keySetUpFor({})('acme', { provider: 'pkcs11', uri });

test('the command makes the key that the URI names', (t) => {
  const shell = new CustomersShell();
  t.teardown(() => shell.remove());
  const [label, object] = ['it’s "My HSM" `id`', "$(touch owned)'; id"];
  const uri = `pkcs11:token=${escapeText(label)};object=${escapeText(object)};id=%01%ab`;
  const [call, ...others] = shell.run(textOf(documentsOf(uri), 'Key'));
  t.deepEqual(others, []);
  t.is(optionOf(call, '--token-label'), label);
  t.is(optionOf(call, '--label'), object);
  t.is(optionOf(call, '--id'), '01ab');
  t.is(optionOf(call, '--key-type'), 'AES:32');
  for (const option of ['--keygen', '--sensitive', '--usage-decrypt', '--login'])
    t.true(call?.includes(option));
});

test('a key without a label, or without an id, is asked for without it', (t) => {
  t.notRegex(textOf(documentsOf('pkcs11:token=a;id=%01'), 'Key'), / --label /);
  t.notRegex(textOf(documentsOf('pkcs11:token=a;object=b'), 'Key'), / --id /);
});

test('the PIN lands where the broker looks for it', (t) => {
  const shell = new CustomersShell();
  t.teardown(() => shell.remove());
  t.deepEqual(shell.run(textOf(documentsOf('pkcs11:token=My%20HSM%2F1;object=b'), 'PIN')), []);
  t.is(shell.read('My%20HSM%2F1'), '1234');
});

test('every attribute that enrolment looks at is named', (t) => {
  const note = documentsOf('pkcs11:token=a;object=b').find(({ title }) => title === 'Key')?.note ?? '';
  for (const name of ['SENSITIVE', 'EXTRACTABLE', 'ENCRYPT', 'DECRYPT', 'KEY_TYPE', 'VALUE_LEN'])
    t.true(note.includes(`CKA_${name}`), name);
});
