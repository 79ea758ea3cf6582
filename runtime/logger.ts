import { KeyObject } from 'node:crypto';
import { pino, type DestinationStream, type LevelWithSilent, type Logger } from 'pino';
import { DataKey } from '../core/data-key.ts';
import { DATA_KEY_BYTES } from '../core/message-format.ts';

export type { Logger } from 'pino';

const MAX_DEPTH = 8;
const MAX_ITEMS = 100;

/**
 * A logger that writes one JSON object a line, and cannot print key bytes: bytes and keys anywhere in what is
 * logged come out as `[redacted N bytes]`. Texts are written as they are, hence the rule that key bytes never
 * become texts.
 * @param options.destination standard output by default, written at once so that a crash loses no line
 */
export function createLogger(options: {
  name: string;
  level: LevelWithSilent;
  destination?: DestinationStream;
}): Logger {
  const { name, level, destination = pino.destination({ fd: 1, sync: true }) } = options;
  return pino(
    {
      name,
      level,
      base: { pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      // `loggable` has already been over the error; pino's own serialiser would print every property of it.
      serializers: { err: (error: unknown) => error },
      formatters: {
        level: (label) => ({ level: label }),
        bindings: (bindings) => loggable(bindings) as Record<string, unknown>,
        log: (object) => loggable(object) as Record<string, unknown>,
      },
      hooks: {
        logMethod([first, ...rest], method) {
          // The first argument is the object (which `formatters.log` sees) or the text; the rest is interpolated.
          method.apply(this, [first, ...rest.map((value) => loggable(value))] as Parameters<typeof method>);
        },
      },
    },
    destination,
  );
}

/** A copy that is safe and small enough to print: no bytes, no keys, no cycles, bounded depth and length. */
export function loggable(value: unknown, depth = 0): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (typeof value === 'function' || typeof value === 'symbol') return `[${typeof value}]`;
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= MAX_DEPTH) return '[too deep]';

  const secretBytes = byteLengthOf(value);
  if (secretBytes !== null) return `[redacted ${secretBytes} bytes]`;
  if (value instanceof Error) return loggableError(value, depth);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
  if ('toJSON' in value && typeof value.toJSON === 'function') {
    return loggable((value.toJSON as () => unknown).call(value), depth + 1);
  }
  if (value instanceof Map) return loggable(Object.fromEntries(value), depth);
  if (Array.isArray(value) || value instanceof Set) {
    return [...(value as Iterable<unknown>)].slice(0, MAX_ITEMS).map((item) => loggable(item, depth + 1));
  }
  return loggableProperties(value, depth);
}

function byteLengthOf(value: object): number | null {
  if (value instanceof DataKey) return DATA_KEY_BYTES;
  if (value instanceof KeyObject) return value.symmetricKeySize ?? 0;
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) {
    return value.byteLength;
  }
  return null;
}

function loggableError(error: Error, depth: number): object {
  const { name, message, stack, cause } = error;
  return {
    type: name,
    message,
    ...('code' in error && { code: loggable(error.code, depth + 1) }),
    ...('metadata' in error && { metadata: loggable(error.metadata, depth + 1) }),
    stack,
    ...(cause !== undefined && { cause: loggable(cause, depth + 1) }),
    ...(error instanceof AggregateError && { errors: loggable(error.errors, depth + 1) }),
  };
}

function loggableProperties(value: object, depth: number): object {
  const entries = Object.entries(value).slice(0, MAX_ITEMS);
  return Object.fromEntries(entries.map(([key, each]) => [key, loggable(each, depth + 1)]));
}
