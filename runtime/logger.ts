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
  const logger = pino(
    {
      name,
      level,
      base: { pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      // `loggable` has already been over the error; pino's own serialiser would print every property of it.
      serializers: { err: (error: unknown) => error },
      formatters: {
        level: (label) => ({ level: label }),
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
  return redactBindings(logger);
}

interface BindingMethods {
  child: (this: Logger, bindings: object, options?: object) => Logger;
  setBindings: (this: Logger, bindings: object) => void;
}

/** Pino's formatters never see the bindings of children. Children inherit what stands here. */
function redactBindings(logger: Logger): Logger {
  const { child, setBindings } = logger as unknown as BindingMethods;
  return Object.assign(logger, {
    child(this: Logger, bindings: object, options?: object) {
      return child.call(this, loggable(bindings) as object, options);
    },
    setBindings(this: Logger, bindings: object) {
      setBindings.call(this, loggable(bindings) as object);
    },
  });
}

/** A copy that is safe and small enough to print: no bytes, no keys, no cycles, bounded depth and length. */
function loggable(value: unknown, depth = 0): unknown {
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
  const names = Object.keys(value).slice(0, MAX_ITEMS);
  return Object.fromEntries(names.map((name) => [name, loggable(propertyOf(value, name), depth + 1)]));
}

/** A getter that throws must not cost the line. */
function propertyOf(value: object, name: string): unknown {
  try {
    return (value as Record<string, unknown>)[name];
  } catch {
    return '[unreadable]';
  }
}
