import test, { type ExecutionContext } from 'ava';
import type { HsmAnswer, HsmCall } from '../../../../broker/kms/pkcs11/messages.ts';
import { HsmPool } from '../../../../broker/kms/pkcs11/pool.ts';

const SCRIPT = new URL('../../../support/fake-hsm-process.ts', import.meta.url);
const PATIENCE_MS = 20_000;
const never = new AbortController().signal;

function pool(t: ExecutionContext, maxProcesses = 1): HsmPool {
  const made = new HsmPool({ script: SCRIPT, modulePath: '/none.so', maxProcesses });
  t.teardown(() => made.close());
  return made;
}

function call(object: string, bytes = Buffer.alloc(0)): HsmCall {
  const key = { token: 'acme', serial: null, object, id: null };
  return { operation: 'wrap', key, pin: 'right', associatedData: Buffer.alloc(0), bytes };
}

function text(answer: HsmAnswer): string {
  return answer.kind === 'bytes' ? Buffer.from(answer.bytes).toString() : answer.kind;
}

test('bytes go there and back, and are wiped here once they are sent', async (t) => {
  const bytes = Buffer.from('key');
  t.is(text(await pool(t).run(call('echo', bytes), PATIENCE_MS, never)), 'key');
  t.deepEqual(bytes, Buffer.alloc(3));
});

test('one process serves call after call, as many at a time as allowed', async (t) => {
  const hsm = pool(t, 2);
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => hsm.run(call('pid'), PATIENCE_MS, never)),
  );
  const pids = new Set(answers.map((answer) => text(answer).split(' ')[0]));
  t.true(pids.size <= 2);
});

test('a call that hangs ends at its deadline, and the next has a new process', async (t) => {
  const hsm = pool(t);
  const before = text(await hsm.run(call('pid'), PATIENCE_MS, never));
  const startedMs = performance.now();
  await t.throwsAsync(hsm.run(call('hang'), 200, never), { code: 'KMS_UNREACHABLE' });
  t.true(performance.now() - startedMs < 5_000);
  const after = text(await hsm.run(call('pid'), PATIENCE_MS, never));
  t.not(after.split(' ')[0], before.split(' ')[0]);
});

test('a library that crashes fails its own call alone', async (t) => {
  const hsm = pool(t, 2);
  const crashing = t.throwsAsync(hsm.run(call('crash'), PATIENCE_MS, never), { code: 'KMS_UNREACHABLE' });
  t.is(text(await hsm.run(call('echo', Buffer.from('x')), PATIENCE_MS, never)), 'x');
  await crashing;
  t.is(text(await hsm.run(call('echo', Buffer.from('y')), PATIENCE_MS, never)), 'y');
});

for (const [code, same] of [
  ['NO_KEY', true],
  ['NOT_AUTHENTIC', true],
  ['CKR_KEY_FUNCTION_NOT_PERMITTED', true],
  ['CKR_DEVICE_REMOVED', false],
  ['CKR_GENERAL_ERROR', false],
  ['NO_TOKEN', false],
] as const) {
  test(`after ${code} the process ${same ? 'goes on' : 'is replaced'}`, async (t) => {
    const hsm = pool(t);
    const before = text(await hsm.run(call('pid'), PATIENCE_MS, never)).split(' ')[0];
    t.like(await hsm.run(call(`fail ${code}`), PATIENCE_MS, never), { kind: 'failure' });
    const after = text(await hsm.run(call('pid'), PATIENCE_MS, never)).split(' ')[0];
    t.is(after === before, same);
  });
}

test('a caller who goes away leaves the queue', async (t) => {
  const hsm = pool(t);
  const hanging = t.throwsAsync(hsm.run(call('hang'), 1_500, never));
  const abort = new AbortController();
  const waiting = t.throwsAsync(hsm.run(call('echo'), PATIENCE_MS, abort.signal), {
    code: 'KMS_UNREACHABLE',
  });
  abort.abort();
  await waiting;
  await hanging;
});

test('the queue has an end', async (t) => {
  const hsm = pool(t);
  const queued = Array.from({ length: 1_025 }, () =>
    hsm.run(call('hang'), 30_000, never).catch((error: unknown) => error),
  );
  await t.throwsAsync(hsm.run(call('echo'), PATIENCE_MS, never), { code: 'KMS_THROTTLED' });
  hsm.close();
  for (const outcome of await Promise.all(queued)) t.like(outcome, { code: 'KMS_UNREACHABLE' });
});

test('the library does not see the broker’s settings', async (t) => {
  process.env['CMK_TEST_SECRET'] = 'x';
  process.env['VENDOR_CONFIGURATION'] = 'y';
  const names = text(await pool(t).run(call('environment'), PATIENCE_MS, never)).split(' ');
  t.true(names.includes('VENDOR_CONFIGURATION'));
  t.deepEqual(
    names.filter((name) => name.startsWith('CMK_')),
    [],
  );
});
