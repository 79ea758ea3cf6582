import { CmkError } from './errors.ts';
import type { EncryptedDataKey, HeaderFields } from './header.ts';
import { malformed } from './refusals.ts';
import { decodeUtf8, encodeUtf8 } from './utf8.ts';

/** Provider id of the broker's own entry: docs/format.md, "What the encrypted data keys hold". */
export const BROKER_PROVIDER_ID = 'cmk-broker';
const REFERENCE_VERSION = 0x01;
const REFERENCE_BYTES = 5;
/** Of a data-key id, and of a reference that a later version writes. */
const MAX_FIELD_BYTES = 64;

/**
 * The entry by which a sealed file names its data key to the broker. It holds no key, wrapped or plain.
 * @param generation from 1 to 4,294,967,295
 * @throws CmkError INVALID_ARGUMENT
 */
export function brokerDataKey(dataKeyId: string, generation: number): EncryptedDataKey {
  const providerInfo = encodeUtf8(dataKeyId);
  if (!providerInfo?.length || providerInfo.length > MAX_FIELD_BYTES) {
    throw new CmkError('INVALID_ARGUMENT', `data-key id: expected a text of 1 to ${MAX_FIELD_BYTES} bytes`);
  }
  if (!Number.isInteger(generation) || generation < 1 || generation > 0xffffffff) {
    throw new CmkError('INVALID_ARGUMENT', `generation: expected 1 to 4294967295, got ${generation}`);
  }
  const ciphertext = Buffer.alloc(REFERENCE_BYTES);
  ciphertext.writeUInt8(REFERENCE_VERSION, 0);
  ciphertext.writeUInt32BE(generation, 1);
  return { providerId: BROKER_PROVIDER_ID, providerInfo, ciphertext };
}

/**
 * The broker's own entry in a header.
 * @throws CmkError MALFORMED unless there is exactly one, short enough to be asked about
 */
export function findBrokerDataKey({ encryptedDataKeys }: Pick<HeaderFields, 'encryptedDataKeys'>): {
  readonly dataKeyId: string;
  readonly reference: Uint8Array;
} {
  const [own, ...others] = encryptedDataKeys.filter(({ providerId }) => providerId === BROKER_PROVIDER_ID);
  if (!own || others.length > 0) {
    throw malformed(
      `expected exactly one ${BROKER_PROVIDER_ID} data key, got ${own ? 1 + others.length : 0}`,
    );
  }
  const longest = Math.max(own.providerInfo.length, own.ciphertext.length);
  if (longest > MAX_FIELD_BYTES) {
    throw malformed(
      `${BROKER_PROVIDER_ID}: expected fields of at most ${MAX_FIELD_BYTES} bytes, got ${longest}`,
    );
  }
  const dataKeyId = decodeUtf8(own.providerInfo);
  if (!dataKeyId) throw malformed('data-key id: expected a text in UTF-8');
  return { dataKeyId, reference: own.ciphertext };
}

/**
 * Reads the reference in the broker's own entry.
 * @throws CmkError MALFORMED
 */
export function parseReference(reference: Uint8Array): { readonly generation: number } {
  const bytes = Buffer.from(reference.buffer, reference.byteOffset, reference.length);
  if (bytes.length !== REFERENCE_BYTES || bytes.readUInt8(0) !== REFERENCE_VERSION) {
    throw malformed('reference: expected version 1 and a generation');
  }
  const generation = bytes.readUInt32BE(1);
  if (generation === 0) throw malformed('reference: expected a generation from 1, got 0');
  return { generation };
}
