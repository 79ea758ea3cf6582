// Speaks as broker/kms/pkcs11/hsm-process.ts does, and does what the key's name says.
import type { HsmAnswer, HsmCall } from '../../broker/kms/pkcs11/messages.ts';

let calls = 0;
process.on('disconnect', () => process.exit());
process.on('message', (call: HsmCall) => {
  calls += 1;
  const answer = answerTo(call);
  if (answer) process.send?.(answer);
});
process.send?.({ kind: 'ready' });

function answerTo({ key: { object }, pin, bytes }: HsmCall): HsmAnswer | null {
  if (object === 'crash') process.exit(3);
  if (object === 'hang') {
    // As a native call does: nothing else happens in this process.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  }
  if (pin !== 'right') return { kind: 'failure', failure: { code: 'CKR_PIN_INCORRECT', during: 'C_Login' } };
  if (object === 'pid') return { kind: 'bytes', bytes: Buffer.from(`${process.pid} ${calls}`) };
  if (object === 'environment')
    return { kind: 'bytes', bytes: Buffer.from(Object.keys(process.env).join(' ')) };
  if (object?.startsWith('fail '))
    return { kind: 'failure', failure: { code: object.slice(5), during: 'a test' } };
  return { kind: 'bytes', bytes: Buffer.from(bytes) };
}
