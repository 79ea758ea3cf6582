// Speaks as broker/kms/pkcs11/hsm-process.ts does, with keys and faults from a file in place of an HSM's library.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { HsmAnswer, HsmCall } from '../../broker/kms/pkcs11/messages.ts';
import { joinWrappedKey, splitWrappedKey } from '../../broker/kms/pkcs11/wrapped-key.ts';
import type { EmulatedKey, HsmState } from './emulated-hsm.ts';

const ALGORITHM = 'aes-256-gcm';
const TAG_BYTES = 16;
const [, , statePath = ''] = process.argv;

process.on('disconnect', () => process.exit());
process.on('message', (call: HsmCall) => process.send?.(answerTo(call)));
process.send?.({ kind: 'ready' });

function answerTo(call: HsmCall): HsmAnswer {
  const { pin, fault, keys } = JSON.parse(readFileSync(statePath, 'utf8')) as HsmState;
  switch (fault) {
    case 'silence':
      block(Infinity);
      break;
    case 'delay beyond the deadline':
      block(2_000);
      break;
    case 'reset':
      process.exit(3);
      break;
    case 'refused connection':
      return failure('NO_TOKEN', 'C_GetSlotList');
    case 'throttled':
      return failure('CKR_SESSION_COUNT', 'C_OpenSession');
    case 'internal error':
      return failure('CKR_DEVICE_ERROR', 'C_Encrypt');
    case 'empty answer':
      return bytes(new Uint8Array(0));
    case 'no wrapped key':
      if (call.operation === 'wrap') return bytes(new Uint8Array(0));
      break;
    case 'short data key':
      if (call.operation === 'unwrap') return bytes(new Uint8Array(16));
      break;
    case 'answer for another key':
      // What was wrapped does not unwrap to the same, which the real process finds out too.
      if (call.operation === 'wrap') return failure('NOT_VERIFIED', 'C_Decrypt');
      break;
    case null:
      break;
    case 'reset in the answer':
    case 'bad gateway':
    case 'throttled with Retry-After':
    case 'garbled answer':
    case 'clock skew':
      throw new Error(`an HSM cannot fail so: ${fault}`);
  }
  if (call.pin !== pin) return failure('CKR_PIN_INCORRECT', 'C_Login');
  const key = keys[call.key.object ?? ''];
  return key ? perform(call, key) : failure('NO_KEY', 'C_FindObjects');
}

function perform({ operation, associatedData, bytes: given }: HsmCall, key: EmulatedKey): HsmAnswer {
  const { isAes256, allowed } = key;
  if (operation === 'describe') {
    const usage = { encrypts: allowed, decrypts: allowed };
    return {
      kind: 'key',
      key: { isAes256, ...usage, sensitive: true, extractable: false, hasGcm: true },
    };
  }
  if (!isAes256) return failure('CKR_KEY_TYPE_INCONSISTENT', 'C_EncryptInit');
  if (!allowed) return failure('CKR_KEY_FUNCTION_NOT_PERMITTED', 'C_EncryptInit');
  const material = Buffer.from(key.material, 'hex');
  return operation === 'wrap'
    ? bytes(seal(material, given, associatedData))
    : open(material, given, associatedData);
}

function seal(material: Buffer, dataKey: Uint8Array, associatedData: Uint8Array): Uint8Array {
  const iv = randomBytes(12);
  const cipher = createCipheriv(ALGORITHM, material, iv).setAAD(associatedData);
  const sealed = Buffer.concat([cipher.update(dataKey), cipher.final(), cipher.getAuthTag()]);
  return joinWrappedKey({ iv, sealed });
}

function open(material: Buffer, wrapped: Uint8Array, associatedData: Uint8Array): HsmAnswer {
  const parts = splitWrappedKey(wrapped);
  if (!parts) return failure('NOT_AUTHENTIC', 'C_Decrypt');
  const decipher = createDecipheriv(ALGORITHM, material, parts.iv)
    .setAAD(associatedData)
    .setAuthTag(parts.sealed.subarray(-TAG_BYTES));
  try {
    return bytes(Buffer.concat([decipher.update(parts.sealed.subarray(0, -TAG_BYTES)), decipher.final()]));
  } catch {
    return failure('NOT_AUTHENTIC', 'C_Decrypt');
  }
}

/** As a native call does: nothing else happens in this process. */
function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

function bytes(answer: Uint8Array): HsmAnswer {
  return { kind: 'bytes', bytes: answer };
}

function failure(code: string, during: string): HsmAnswer {
  return { kind: 'failure', failure: { code, during } };
}
