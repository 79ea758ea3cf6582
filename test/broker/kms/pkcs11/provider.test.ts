import { mkdtempSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { pkcs11Settings } from '../../../../broker/kms/pkcs11/config.ts';
import { Pkcs11Provider } from '../../../../broker/kms/pkcs11/provider.ts';
import { joinWrappedKey, splitWrappedKey } from '../../../../broker/kms/pkcs11/wrapped-key.ts';
import { readConfig } from '../../../../runtime/config.ts';

const SCRIPT = new URL('../../../support/fake-hsm-process.ts', import.meta.url);
const CALL = { timeoutMs: 20_000 };
const WRAPPED = joinWrappedKey({ iv: new Uint8Array(12), sealed: new Uint8Array(48) });

function provider(t: ExecutionContext, pin: string | null): { provider: Pkcs11Provider; pinPath: string } {
  const folder = mkdtempSync(join(tmpdir(), 'cmk-pins-'));
  const pinPath = join(folder, 'My%20HSM');
  if (pin !== null) writeFileSync(pinPath, `${pin}\n`);
  const config = {
    ...readConfig(pkcs11Settings, {}),
    pkcs11ModulePath: '/none.so',
    pkcs11PinFolder: folder,
    pkcs11Processes: 2,
  };
  const made = new Pkcs11Provider(config, SCRIPT);
  t.teardown(() => made.close());
  return { provider: made, pinPath };
}

const key = (object: string) => `pkcs11:token=My%20HSM;object=${object}`;

test('the wrapped key’s layout: version, IV, ciphertext and tag', (t) => {
  const iv = Uint8Array.from({ length: 12 }, (_, index) => index);
  const sealed = Uint8Array.from({ length: 48 }, (_, index) => 100 + index);
  const wrapped = joinWrappedKey({ iv, sealed });
  t.is(Buffer.from(wrapped.subarray(0, 14)).toString('hex'), '01000102030405060708090a0b64');
  t.deepEqual(splitWrappedKey(wrapped), { iv, sealed });
  for (const length of [0, 60, 62]) t.is(splitWrappedKey(new Uint8Array(length).fill(1)), null);
  t.is(splitWrappedKey(Uint8Array.from(wrapped, (byte, index) => (index === 0 ? 2 : byte))), null);
});

test('what is no wrapped key never reaches the HSM', async (t) => {
  const { provider: hsm } = provider(t, 'right');
  const call = hsm.unwrap(key('hang'), new Uint8Array(10), {}, CALL);
  await t.throwsAsync(call, { code: 'KMS_CONTEXT_MISMATCH' });
});

test('an answer of another length is none', async (t) => {
  const { provider: hsm } = provider(t, 'right');
  // The fake gives back what it gets: 32 bytes for 61, and 61 for 32.
  await t.throwsAsync(hsm.generate(key('echo'), {}, CALL), { code: 'KMS_INVALID_RESPONSE' });
  await t.throwsAsync(hsm.unwrap(key('echo'), WRAPPED, {}, CALL), { code: 'KMS_INVALID_RESPONSE' });
  await t.throwsAsync(hsm.describe(key('echo'), CALL), { code: 'KMS_INVALID_RESPONSE' });
});

test('a refused PIN is tried once, however many ask, and again when its file is written anew', async (t) => {
  const { provider: hsm, pinPath } = provider(t, 'wrong');
  const first = await Promise.all(
    Array.from({ length: 10 }, () =>
      t.throwsAsync(hsm.describe(key('echo'), CALL), { code: 'KMS_AUTH_FAILED' }),
    ),
  );
  t.is(first.filter(({ message }) => message.includes('not tried again')).length, 9);
  utimesSync(pinPath, new Date(), new Date(Date.now() + 60_000));
  const again = await t.throwsAsync(hsm.describe(key('echo'), CALL), { code: 'KMS_AUTH_FAILED' });
  t.regex(again.message, /does not accept/);
  writeFileSync(pinPath, 'right');
  await t.throwsAsync(hsm.describe(key('echo'), CALL), { code: 'KMS_INVALID_RESPONSE' });
});

test('a token without PIN has its own words', async (t) => {
  const { provider: hsm } = provider(t, null);
  const error = await t.throwsAsync(hsm.describe(key('echo'), CALL), { code: 'KMS_AUTH_FAILED' });
  t.regex(error.message, /no PIN for this token/);
});

test('without a library the provider is off, and says which setting turns it on', async (t) => {
  const off = new Pkcs11Provider(readConfig(pkcs11Settings, {}));
  t.throws(() => off.parseReference(key('echo')), {
    code: 'INVALID_ARGUMENT',
    message: /CMK_PKCS11_MODULE is not set/,
  });
  await t.throwsAsync(off.describe(key('echo'), CALL), {
    code: 'KMS_UNREACHABLE',
    message: /CMK_PKCS11_MODULE is not set/,
  });
  off.close();
});

test('every name of a key is the same key, because a token is one account’s', (t) => {
  const { provider: hsm } = provider(t, 'right');
  const uris = [
    'token=My%20HSM;object=cmk',
    'token=My%20HSM;id=%01',
    'token=My%20HSM;object=cmk;id=%01',
    'token=My%20HSM;serial=0df8;object=cmk',
  ];
  const identities = uris.map((uri) => hsm.identityOf(hsm.parseReference(`pkcs11:${uri}`)));
  t.deepEqual([...new Set(identities)], ['pkcs11:token=My%20HSM']);
  t.not(hsm.identityOf(hsm.parseReference('pkcs11:token=other;object=cmk')), identities[0]);
});
