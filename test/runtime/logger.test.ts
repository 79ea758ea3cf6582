import { createSecretKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { Writable } from 'node:stream';
import test from 'ava';
import { DataKey } from '../../core/data-key.ts';
import { CmkError } from '../../core/errors.ts';
import { createLogger, type Logger } from '../../runtime/logger.ts';

interface Line extends Record<string, unknown> {
  err: {
    type: string;
    message: string;
    stack: string;
    code?: string;
    metadata?: unknown;
    cause?: Line['err'];
  };
}

/** What one call of the logger writes: the text as it is, and its fields. */
function written(write: (logger: Logger) => void): { raw: string; line: Line } {
  let raw = '';
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      raw += chunk.toString();
      done();
    },
  });
  write(createLogger({ name: 'test', level: 'debug', destination }));
  return { raw, line: JSON.parse(raw) as Line };
}

function encodings(secret: Buffer): string[] {
  return [
    secret.toString('hex'),
    secret.toString('base64'),
    secret.toString('base64url'),
    [...secret].join(),
    JSON.stringify([...secret]).slice(1, -1),
    secret.toString('latin1'),
  ];
}

const keyBytes = randomBytes(32);
const dataKey = DataKey.take(Buffer.from(keyBytes));
const disposed = DataKey.generate();
disposed[Symbol.dispose]();
const error = Object.assign(new Error('boom', { cause: { keyBytes } }), {
  code: 'E',
  metadata: { keyBytes },
});
class Holder {
  secret = keyBytes;
}

const hidden: [name: string, write: (logger: Logger) => void, shown: string][] = [
  ['a Buffer', (log) => log.info({ keyBytes }), '[redacted 32 bytes]'],
  ['a Uint8Array', (log) => log.info({ key: new Uint8Array(keyBytes) }), '[redacted 32 bytes]'],
  ['an ArrayBuffer', (log) => log.info({ key: new Uint8Array(keyBytes).buffer }), '[redacted 32 bytes]'],
  ['a KeyObject', (log) => log.info({ key: createSecretKey(keyBytes) }), '[redacted 32 bytes]'],
  ['a DataKey', (log) => log.info({ dataKey }), '[redacted 32 bytes]'],
  ['a DataKey that is disposed of', (log) => log.info({ disposed }), '[redacted 32 bytes]'],
  ['a private key', (log) => log.info(generateKeyPairSync('ed25519').privateKey), '{'],
  ['bytes deep inside', (log) => log.info({ a: [{ b: { c: [keyBytes] } }] }), '[redacted 32 bytes]'],
  ['bytes in a Map', (log) => log.info({ map: new Map([['k', keyBytes]]) }), '[redacted 32 bytes]'],
  ['bytes in a Set', (log) => log.info({ set: new Set([keyBytes]) }), '[redacted 32 bytes]'],
  ['bytes of a class', (log) => log.info({ holder: new Holder() }), '[redacted 32 bytes]'],
  ['bytes in an error', (log) => log.error(error), '[redacted 32 bytes]'],
  ['bytes in an error under another name', (log) => log.error({ failure: error }), '[redacted 32 bytes]'],
  ['bytes as the object itself', (log) => log.info(keyBytes), 'info'],
  [
    'bytes put into the text',
    (log) => log.info('key %o and %j', keyBytes, { keyBytes }),
    '[redacted 32 bytes]',
  ],
  ['bytes of a child logger', (log) => log.child({ keyBytes }).info('x'), '[redacted 32 bytes]'],
  ['bytes of a grandchild', (log) => log.child({}).child({ keyBytes }).info('x'), '[redacted 32 bytes]'],
  [
    'bytes bound later',
    (log) => {
      log.setBindings({ keyBytes });
      log.info('x');
    },
    '[redacted 32 bytes]',
  ],
];

for (const [name, write, shown] of hidden) {
  test(`key bytes are not printed: ${name}`, (t) => {
    const { raw } = written(write);
    t.true(raw.includes(shown), raw);
    for (const encoding of encodings(keyBytes)) t.false(raw.includes(encoding), raw);
  });
}

test('a line has its time, level and name in words', (t) => {
  const { line } = written((log) => log.warn({ port: 1 }, 'listening'));
  t.like(line, { level: 'warn', name: 'test', msg: 'listening', port: 1 });
  t.regex(String(line['time']), /^\d{4}-\d\d-\d\dT/);
});

test('an error is written with its code, metadata and whole chain of causes', (t) => {
  const root = Object.assign(new Error('connect refused'), { code: 'ECONNREFUSED' });
  const middle = new Error('request failed', { cause: root });
  const top = new CmkError('KMS_UNREACHABLE', 'no answer', { cause: middle, metadata: { provider: 'aws' } });
  for (const write of [
    (log: Logger) => log.error(top),
    (log: Logger) => log.error({ err: top }, 'no answer'),
  ]) {
    const { line } = written(write);
    t.is(line['msg'], 'no answer');
    t.like(line.err, { type: 'CmkError', code: 'KMS_UNREACHABLE', metadata: { provider: 'aws' } });
    t.like(line.err.cause, { message: 'request failed' });
    t.like(line.err.cause?.cause, { message: 'connect refused', code: 'ECONNREFUSED' });
    t.true(line.err.stack.includes('logger.test.ts'));
  }
});

test('what cannot be printed costs no line', (t) => {
  const circular: Record<string, unknown> = { big: 1n, date: new Date(Number.NaN), run: () => 1 };
  circular['self'] = circular;
  circular['many'] = Array.from({ length: 1_000 }, (_, index) => index);
  Object.defineProperty(circular, 'throws', {
    enumerable: true,
    get() {
      throw new Error('no');
    },
  });
  const { line } = written((log) => log.info({ circular }, 'still there'));
  t.is(line['msg'], 'still there');
});
