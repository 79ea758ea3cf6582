import { Hsm } from './hsm.ts';
import { HsmError, type HsmAnswer, type HsmCall, type HsmFailure, type Ready } from './messages.ts';

/**
 * A process that loads one HSM library and does one call at a time. Calls to an HSM block, and may never return: only a
 * process can be ended then. A thread cannot, and would keep its whole process from ending.
 */

const [, , modulePath = ''] = process.argv;
// The broker ends this process itself, when its calls have ended.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => undefined);
process.on('disconnect', () => process.exit());

let hsm: Hsm | null = null;
let broken: HsmFailure | null = null;
try {
  hsm = new Hsm(modulePath);
} catch (error) {
  broken = failureOf(error);
}

process.on('message', (call: HsmCall) => {
  const answer = hsm ? perform(hsm, call) : { kind: 'failure' as const, failure: broken ?? failureOf(null) };
  call.bytes.fill(0);
  process.send?.(answer, () => {
    if (answer.kind === 'bytes') answer.bytes.fill(0);
  });
});
process.send?.({ kind: 'ready' } satisfies Ready);

function perform(loaded: Hsm, { operation, key, pin, associatedData, bytes }: HsmCall): HsmAnswer {
  const bound = Buffer.from(associatedData);
  try {
    switch (operation) {
      case 'wrap':
        return {
          kind: 'bytes',
          bytes: loaded.wrap(key, pin, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length), bound),
        };
      case 'unwrap':
        return { kind: 'bytes', bytes: loaded.unwrap(key, pin, bytes, bound) };
      case 'describe':
        return { kind: 'key', key: loaded.describe(key, pin) };
    }
  } catch (error) {
    return { kind: 'failure', failure: failureOf(error) };
  }
}

function failureOf(error: unknown): HsmFailure {
  return error instanceof HsmError ? error.failure : { code: 'CKR_GENERAL_ERROR', during: 'the driver' };
}
