import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { DataKey } from '../../../core/data-key.ts';
import type { EncryptionContext } from '../../../core/encryption-context.ts';
import { brokerDataKey } from '../../../core/reference.ts';
import { Sealer, type SealerOptions } from '../../../core/sealer.ts';
import { cmk } from '../../support/cmk-command.ts';
import { runCmk } from '../../support/fake-terminal.ts';

const CONTEXT: EncryptionContext = {
  acct: 'acme',
  id: 'm-42',
  srvId: '0001',
  timestamp: '1767225600',
  type: 'MeetingWebinarRecording',
};

function sealed(plaintextBytes: number, options: Partial<SealerOptions> = {}): Buffer {
  const sealer = new Sealer({
    dataKey: DataKey.generate(),
    context: CONTEXT,
    encryptedDataKeys: [brokerDataKey('dk-1', 3)],
    frameBytes: 1024,
    messageId: Buffer.alloc(32, 0xab),
    ...options,
  });
  const body = Buffer.alloc(sealer.updateBytes(plaintextBytes));
  sealer.update(Buffer.alloc(plaintextBytes), body, 0);
  const end = Buffer.alloc(sealer.finalBytes());
  sealer.final(end, 0);
  return Buffer.concat([sealer.header, body, end]);
}

const whole = sealed(2500);

test('shows a whole file, without a sidecar', async (t) => {
  const path = join(mkdtempSync(join(tmpdir(), 'cmk-inspect-')), 'sealed');
  writeFileSync(path, whole);
  const result = await cmk(['inspect', path], { env: { CMK_SIDECAR: 'unix:/nowhere' } });
  t.is(result.code, 0, result.stderr);
  t.is(
    result.stdout.toString(),
    `structure    whole; not authenticated, which takes the key
sealed       ${whole.length} bytes
plaintext    2500 bytes
frames       3 frames of 1024 bytes
header       ${whole.length - 2500 - 2 * 32 - 40} bytes
message id   ${'ab'.repeat(32)}
data key     dk-1, generation 3
context      acct = acme
context      id = m-42
context      srvId = 0001
context      timestamp = 1767225600
context      type = MeetingWebinarRecording
wrapped for  cmk-broker: dk-1 (5 bytes)
`,
  );
});

test('--json tells the same to a program', async (t) => {
  const { code, stdout } = await runCmk(['inspect', '--json'], { input: whole });
  t.is(code, 0);
  t.deepEqual(JSON.parse(stdout.toString()), {
    whole: true,
    error: null,
    sealedBytes: whole.length,
    plaintextBytes: 2500,
    frames: 3,
    frameBytes: 1024,
    headerBytes: whole.length - 2500 - 2 * 32 - 40,
    messageId: 'ab'.repeat(32),
    dataKeyId: 'dk-1',
    generation: 3,
    context: CONTEXT,
    encryptedDataKeys: [{ providerId: 'cmk-broker', providerInfo: 'dk-1', ciphertextBytes: 5 }],
  });
});

const damaged: { name: string; bytes: Buffer; code: string; shown: boolean }[] = [
  { name: 'cut in a frame', bytes: whole.subarray(0, -1), code: 'TRUNCATED', shown: true },
  { name: 'cut in the header', bytes: whole.subarray(0, 100), code: 'TRUNCATED', shown: false },
  { name: 'with bytes after it', bytes: Buffer.concat([whole, whole]), code: 'MALFORMED', shown: true },
  { name: 'empty', bytes: Buffer.alloc(0), code: 'TRUNCATED', shown: false },
  { name: 'something else', bytes: Buffer.alloc(1000, 'x'), code: 'MALFORMED', shown: false },
];

for (const { name, bytes, code, shown } of damaged) {
  test(`a file ${name} is ${code}, and shown as far as it goes`, async (t) => {
    const text = await runCmk(['inspect', '-'], { input: bytes });
    t.is(text.code, 4);
    t.true(text.stderr.includes(`[${code}]`));
    t.is(text.stdout.includes('NOT WHOLE'), shown);
    const json = await runCmk(['inspect', '--json'], { input: bytes });
    t.is(json.code, 4);
    if (shown)
      t.like(JSON.parse(json.stdout.toString()), {
        whole: false,
        error: { code },
        sealedBytes: null,
        dataKeyId: 'dk-1',
      });
    else t.is(json.stdout.length, 0);
  });
}

test('a file that another tool sealed can be inspected', async (t) => {
  const encryptedDataKeys = [
    { providerId: 'aws-kms', providerInfo: Buffer.from('arn:k'), ciphertext: Buffer.alloc(9) },
  ];
  const { code, stdout } = await runCmk(['inspect'], { input: sealed(5, { encryptedDataKeys }) });
  t.is(code, 0);
  t.regex(stdout.toString(), /data key +none of ours\n[^]*wrapped for +aws-kms: arn:k \(9 bytes\)\n/);
});

test('nothing in a file can take the terminal over', async (t) => {
  const { stdout } = await runCmk(['inspect'], {
    input: sealed(5, { context: { ...CONTEXT, id: '\u001b]0;owned\u0007' } }),
  });
  t.false(stdout.includes(0x1b));
  t.true(stdout.toString().includes('id = \\u001b]0;owned\\u0007'));
});

test('a file that is not there', async (t) => {
  const result = await runCmk(['inspect', '/does/not/exist']);
  t.is(result.code, 3);
  t.regex(
    result.stderr,
    /^cmk: \/does\/not\/exist: no such file or directory \(ENOENT\) \[LOCAL_IO_FAILED\]\n/,
  );
});
