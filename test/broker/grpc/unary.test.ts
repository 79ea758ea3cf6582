import { EventEmitter } from 'node:events';
import type { PeerCertificate } from 'node:tls';
import test from 'ava';
import grpc, { type sendUnaryData, type ServerUnaryCall } from '@grpc/grpc-js';
import { unary, type UnaryMethod } from '../../../broker/grpc/unary.ts';
import { CmkError } from '../../../core/errors.ts';
import { createLogger } from '../../../runtime/logger.ts';
import { NO_TRACES } from '../../../runtime/traces.ts';
import { eventually } from '../../support/eventually.ts';

type Call = ServerUnaryCall<object, string>;

function world(
  method: Partial<UnaryMethod<object, string, string>>,
  timeoutMs = 10_000,
  peer: ReturnType<Call['getAuthContext']> = {},
) {
  const traced: string[] = [];
  const codes: string[] = [];
  const released: string[] = [];
  const answers: unknown[] = [];
  const handler = unary<object, string, string>(
    {
      rpc: { rpcStarted: () => (code) => codes.push(code) },
      traces: {
        ...NO_TRACES,
        serve(_method, sent, work) {
          traced.push(...Object.keys(sent.getMap()));
          return work();
        },
      },
      logger: createLogger({ name: 'test', level: 'silent' }),
    },
    {
      name: 'Method',
      run: () => Promise.resolve('result'),
      answer: (result, send) => send(`answer to ${result}`),
      release: (result) => released.push(result),
      ...method,
    },
  );
  const metadata = new grpc.Metadata();
  metadata.set('traceparent', 'a trace');
  const call = Object.assign(new EventEmitter(), {
    metadata,
    getDeadline: () => Date.now() + timeoutMs,
    getAuthContext: () => peer,
    getPath: () => '/cmk.v1.KeyBroker/Method',
  });
  const callback: sendUnaryData<string> = (error, value) =>
    answers.push(error && 'code' in error ? error.code : value);
  handler(call as unknown as Call, callback);
  return { call, codes, released, answers, traced };
}

test('a call belongs to the trace that its caller names, unless it is a stranger’s', (t) => {
  const sslPeerCertificate = {} as PeerCertificate;
  t.deepEqual(world({}, 10_000, { sslPeerCertificate }).traced, ['traceparent']);
  t.deepEqual(world({}).traced, []);
});

test('a result is answered, then let go of', async (t) => {
  const { codes, released, answers } = world({});
  await eventually(() => codes.length === 1);
  t.deepEqual([codes, released, answers], [['OK'], ['result'], ['answer to result']]);
});

test('a result that comes after the deadline is let go of, not handed out', async (t) => {
  let finish: (result: string) => void = () => undefined;
  const run = () => new Promise<string>((resolve) => (finish = resolve));
  const { codes, released, answers } = world({ run }, 20);
  await eventually(() => codes.length === 1);
  finish('late');
  await eventually(() => released.length === 1);
  t.deepEqual([codes, answers], [['DEADLINE_EXCEEDED'], [4]]);
});

test('so is one that comes after the caller went away', async (t) => {
  let finish: (result: string) => void = () => undefined;
  const run = () => new Promise<string>((resolve) => (finish = resolve));
  const { call, codes, released, answers } = world({ run });
  call.emit('cancelled');
  await eventually(() => codes.length === 1);
  finish('late');
  await eventually(() => released.length === 1);
  t.deepEqual([codes, answers], [['CANCELLED'], [1]]);
});

test('the work learns that nobody waits any more', (t) => {
  let signal: AbortSignal | undefined;
  const run = (_call: Call, given: AbortSignal) => {
    signal = given;
    return new Promise<string>(() => undefined);
  };
  const { call } = world({ run });
  call.emit('cancelled');
  t.true(signal?.aborted);
});

const FAILURES: Record<string, [error: Error, code: string, status: number]> = {
  'an error of ours': [new CmkError('KEY_DISABLED', 'disabled'), 'KEY_DISABLED', 9],
  'a defect': [new TypeError('secret detail'), 'INTERNAL', 13],
};

for (const [name, [error, code, status]] of Object.entries(FAILURES)) {
  test(`${name} ends the call with its code`, async (t) => {
    const { codes, answers } = world({ run: () => Promise.reject(error) });
    await eventually(() => codes.length === 1);
    t.deepEqual([codes, answers], [[code], [status]]);
  });
}
