import type { DataKey } from '../../core/data-key.ts';
import { deriveCommitment, deriveEncryptionKey, headerTag } from '../../core/derived-keys.ts';

/** The raw fields of a header; each may be anything at all. */
export interface ForgedFields {
  readonly version?: number;
  readonly suite?: number;
  /** Without its length field. */
  readonly contextBody?: Uint8Array;
  readonly contextBytes?: number;
  readonly encryptedDataKeyCount?: number;
  /** All entries, with their length fields. */
  readonly encryptedDataKeys?: Uint8Array;
  readonly contentType?: number;
  readonly frameBytes?: number;
  /** Default: the right one. */
  readonly commitment?: Uint8Array;
}

export const MESSAGE_ID = Buffer.alloc(32, 0x5a);

export function u16(value: number): Buffer {
  return Buffer.of(value >> 8, value & 0xff);
}

export function u32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32BE(value);
  return buffer;
}

/** Bytes or text behind their length. */
export function field(content: Uint8Array | string): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([u16(bytes.length), bytes]);
}

/** A context's body: the count, then keys and values in the given order. */
export function contextBody(...pairs: [Uint8Array | string, Uint8Array | string][]): Buffer {
  return Buffer.concat([u16(pairs.length), ...pairs.flatMap((pair) => pair.map(field))]);
}

/**
 * Builds a header of which the commitment and the tag are right, whatever the fields: only a strict parser refuses
 * it. Without overrides it is a good header.
 */
export function forgeHeader(dataKey: DataKey, fields: ForgedFields = {}): Buffer {
  const context = fields.contextBody ?? contextBody(['a', '1'], ['b', '2']);
  const authenticated = Buffer.concat([
    Buffer.of(fields.version ?? 2),
    u16(fields.suite ?? 0x0478),
    MESSAGE_ID,
    u16(fields.contextBytes ?? context.length),
    context,
    u16(fields.encryptedDataKeyCount ?? 1),
    fields.encryptedDataKeys ?? Buffer.concat([field('cmk-broker'), field('id'), field('reference')]),
    Buffer.of(fields.contentType ?? 2),
    u32(fields.frameBytes ?? 64),
    fields.commitment ?? deriveCommitment(dataKey, MESSAGE_ID),
  ]);
  return Buffer.concat([authenticated, headerTag(deriveEncryptionKey(dataKey, MESSAGE_ID), authenticated)]);
}
