import test from 'ava';
import { FakeSidecar } from '../../support/fake-sidecar.ts';
import { cmk } from '../../support/cmk-command.ts';
import { runCmk } from '../../support/fake-terminal.ts';

const ASSET = ['--account', 'acme', '--service', '0001', '--type', 'MeetingWebinarRecording', '--id', 'm-42'];

const wrong: { name: string; args: string[]; says: RegExp }[] = [
  { name: 'no command', args: [], says: /^Usage: cmk/ },
  { name: 'an unknown command', args: ['seal'], says: /^cmk: unknown command 'seal'/ },
  { name: 'an unknown option', args: ['inspect', '--fast'], says: /^cmk: unknown option '--fast'\n.*--help/ },
  {
    name: 'a missing option',
    args: ['encrypt', ...ASSET],
    says: /^cmk: required option '--owner <user>' not specified/,
  },
  { name: 'too many arguments', args: ['inspect', 'a', 'b'], says: /^cmk: too many arguments/ },
];

for (const { name, args, says } of wrong) {
  test(`${name} exits with 2 and says so`, async (t) => {
    const result = await runCmk(args);
    t.is(result.code, 2);
    t.regex(result.stderr, says);
    t.is(result.stdout.length, 0);
  });
}

test('help comes on standard output, and loads no gRPC', async (t) => {
  for (const args of [['--help'], ['encrypt', '--help'], ['inspect', 'package.json']]) {
    const { stderr } = await cmk(args, { env: { NODE_DEBUG: 'module,esm' } });
    t.true(stderr.includes('commander'), 'the trace shows what is loaded');
    t.false(stderr.includes('@grpc'), args.join(' '));
  }
  t.true((await cmk(['--help'])).stdout.includes('Examples:'));
});

test('describes an asset, to people and to programs', async (t) => {
  const sidecar = await FakeSidecar.start();
  const env = { CMK_SIDECAR: sidecar.address };
  const unknown = await runCmk(['describe', ...ASSET], { env });
  t.is(unknown.code, 5);
  t.regex(unknown.stderr, /\[ASSET_NOT_FOUND\]\n {5}Nothing was ever sealed/);
  await runCmk(['encrypt', ...ASSET, '--owner', 'u-7'], { env });
  const text = await runCmk(['describe', ...ASSET], { env });
  t.is(
    text.stdout.toString(),
    `protection   CUSTOMER_KEY: the customer’s own key
key in use   arn:aws:kms:eu-1:111122223333:key/k-1
data key     dk-1
generation   1, made 2023-11-14T22:13:20.000Z
`,
  );
  const json = await runCmk(['describe', ...ASSET, '--json'], { env });
  t.deepEqual(JSON.parse(json.stdout.toString()), {
    asset: { account: 'acme', srvId: '0001', type: 'MeetingWebinarRecording', id: 'm-42' },
    dataKeyId: 'dk-1',
    protection: 'CUSTOMER_KEY',
    keyInUse: 'arn:aws:kms:eu-1:111122223333:key/k-1',
    generation: 1,
    createdAt: '2023-11-14T22:13:20.000Z',
  });
  sidecar.stop();
});
