import { createCipheriv, createDecipheriv, createSecretKey, randomBytes, type KeyObject } from 'node:crypto';
import { DataKey } from '../core/data-key.ts';
import type { Clock } from './clock.ts';

const CIPHER = 'aes-256-gcm';
const PROCESS_KEY_LIFE_MS = 5 * 60_000;
const PROCESS_KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** The key that a process seals its cached data keys under: made here, never exported, renewed each 5 minutes. */
export class ProcessKey {
  readonly #clock: Clock;
  #key: KeyObject | null = null;
  #renewAtMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Whoever sealed with an earlier key holds on to it; it goes when the last of them does. */
  current(): KeyObject {
    const nowMs = this.#clock.monotonicMs();
    if (!this.#key || nowMs >= this.#renewAtMs) {
      const bytes = randomBytes(PROCESS_KEY_BYTES);
      this.#key = createSecretKey(bytes);
      this.#renewAtMs = nowMs + PROCESS_KEY_LIFE_MS;
      bytes.fill(0);
    }
    return this.#key;
  }
}

/** A data key at rest in memory: AES-256-GCM under a process key, bound to its name. */
export class SealedKey {
  readonly #processKey: KeyObject;
  readonly #name: Buffer;
  /** IV, ciphertext, tag; all zeros once wiped. */
  readonly sealed: Buffer;
  #isWiped = false;

  /**
   * Takes the data key over and disposes of it.
   * @param name what the key is kept under; opening fails if a sealed key ends up under another's name
   */
  constructor(processKey: KeyObject, name: string, dataKey: DataKey) {
    this.#processKey = processKey;
    this.#name = Buffer.from(name);
    const plain = dataKey.copyBytes();
    try {
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv(CIPHER, processKey, iv).setAAD(this.#name);
      this.sealed = Buffer.concat([iv, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    } finally {
      plain.fill(0);
      dataKey[Symbol.dispose]();
    }
  }

  get isWiped(): boolean {
    return this.#isWiped;
  }

  /**
   * A copy of the data key, to be disposed of by the caller.
   * @throws {Error} when wiped, or when the memory was changed
   */
  open(): DataKey {
    const iv = this.sealed.subarray(0, IV_BYTES);
    const decipher = createDecipheriv(CIPHER, this.#processKey, iv, { authTagLength: TAG_BYTES })
      .setAAD(this.#name)
      .setAuthTag(this.sealed.subarray(-TAG_BYTES));
    const plain = decipher.update(this.sealed.subarray(IV_BYTES, -TAG_BYTES));
    try {
      decipher.final();
      return DataKey.take(plain);
    } finally {
      plain.fill(0);
    }
  }

  wipe(): void {
    this.#isWiped = true;
    this.sealed.fill(0);
  }
}
