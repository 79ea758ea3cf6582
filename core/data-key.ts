import { createSecretKey, generateKeySync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { CmkError } from './errors.ts';
import { DATA_KEY_BYTES } from './message-format.ts';

const REDACTED = 'DataKey(redacted)';

/**
 * A plaintext data key: a 256-bit AES key for one asset and generation. It owns its bytes, keeps them outside the
 * JavaScript heap, prints as `DataKey(redacted)`, and is worth nothing after {@link DataKey[Symbol.dispose]}.
 */
export class DataKey {
  #key: KeyObject | undefined;

  private constructor(key: KeyObject) {
    this.#key = key;
  }

  /**
   * Takes a key over: copies it and overwrites the source with zeros, also when it is refused.
   * @param bytes 32 bytes
   * @throws CmkError INVALID_ARGUMENT for another length
   */
  static take(bytes: Uint8Array): DataKey {
    try {
      if (bytes.length !== DATA_KEY_BYTES) {
        throw new CmkError(
          'INVALID_ARGUMENT',
          `data key: expected ${DATA_KEY_BYTES} bytes, got ${bytes.length}`,
        );
      }
      return new DataKey(createSecretKey(bytes));
    } finally {
      bytes.fill(0);
    }
  }

  /** A new random key. */
  static generate(): DataKey {
    return new DataKey(generateKeySync('aes', { length: DATA_KEY_BYTES * 8 }));
  }

  /**
   * The key for node:crypto.
   * @throws CmkError INTERNAL after disposal
   */
  get keyObject(): KeyObject {
    if (!this.#key) throw new CmkError('INTERNAL', 'data key used after its disposal');
    return this.#key;
  }

  /**
   * A copy of the key's 32 bytes, to wrap or to send. The caller overwrites it with zeros.
   * @throws CmkError INTERNAL after disposal
   */
  copyBytes(): Buffer {
    return this.keyObject.export();
  }

  /** Lets go of the key. Every later use throws; disposing twice does nothing. */
  [Symbol.dispose](): void {
    this.#key = undefined;
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return REDACTED;
  }
}
