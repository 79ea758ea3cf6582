import { randomBytes, timingSafeEqual } from 'node:crypto';
import graphene from 'graphene-pk11';
import { IV_BYTES, TAG_BYTES } from '../../../core/message-format.ts';
import { HsmError, OWN_FAILURES, type HsmKey } from './messages.ts';
import type { KeyUri } from './reference.ts';
import { joinWrappedKey, splitWrappedKey, SEALED_BYTES } from './wrapped-key.ts';

const { KeyType, Module, ObjectClass, SessionFlag, MechanismEnum } = graphene;
type Session = graphene.Session;
type SecretKey = graphene.SecretKey;

const AES_256_BYTES = 32;
const MAX_SESSIONS = 64;
/** For libraries that give more than ciphertext and tag, which is then refused. */
const ROOMY_BYTES = 256;
/** How libraries say that a ciphertext is not authentic. */
const NOT_AUTHENTIC = [
  'CKR_ENCRYPTED_DATA_INVALID',
  'CKR_ENCRYPTED_DATA_LEN_RANGE',
  'CKR_AEAD_DECRYPT_FAILED',
];
/** Some say no more than this. */
const VAGUE = ['CKR_GENERAL_ERROR', 'CKR_FUNCTION_FAILED', 'CKR_DATA_INVALID', 'CKR_SIGNATURE_INVALID'];

interface Sealed {
  readonly iv: Uint8Array;
  readonly sealed: Uint8Array;
  readonly associatedData: Buffer;
}

/**
 * One HSM library, in the process that loaded it. Every call blocks, and fails with an {@link HsmError}. Sessions stay
 * open and logged in, one a token.
 */
export class Hsm {
  readonly #module: graphene.Module;
  readonly #sessions = new Map<string, Session>();

  constructor(modulePath: string) {
    try {
      this.#module = Module.load(modulePath, 'cmk');
      this.#module.initialize();
    } catch (error) {
      throw new HsmError(codeOf(error, OWN_FAILURES.MODULE_NOT_LOADED), 'C_Initialize');
    }
  }

  /**
   * Wraps a data key, and unwraps it again at once: libraries that choose an IV of their own would otherwise leave
   * something that nobody can read.
   */
  wrap(uri: KeyUri, pin: string, dataKey: Buffer, associatedData: Buffer): Uint8Array {
    const session = this.#session(uri, pin);
    const key = findKey(session, uri);
    const iv = randomBytes(IV_BYTES);
    const sealed = during('C_Encrypt', () =>
      session.createCipher(gcm(iv, associatedData), key).once(dataKey, Buffer.alloc(ROOMY_BYTES)),
    );
    if (sealed.length !== SEALED_BYTES || !opensTo(dataKey, session, key, { iv, sealed, associatedData })) {
      throw new HsmError(OWN_FAILURES.NOT_VERIFIED, 'C_Decrypt');
    }
    return joinWrappedKey({ iv, sealed });
  }

  /** @returns bytes that the caller wipes */
  unwrap(uri: KeyUri, pin: string, wrapped: Uint8Array, associatedData: Buffer): Buffer {
    const parts = splitWrappedKey(wrapped);
    if (!parts) throw new HsmError(OWN_FAILURES.NOT_AUTHENTIC, 'C_Decrypt');
    const session = this.#session(uri, pin);
    const key = findKey(session, uri);
    try {
      return decrypt(session, key, { ...parts, associatedData });
    } catch (error) {
      if (error instanceof HsmError && this.#isMismatch(error, session, key)) {
        throw new HsmError(OWN_FAILURES.NOT_AUTHENTIC, error.message);
      }
      throw error;
    }
  }

  describe(uri: KeyUri, pin: string): HsmKey {
    const session = this.#session(uri, pin);
    const key = findKey(session, uri);
    return during('C_GetAttributeValue', () => {
      const { keyType } = key.getAttribute({ keyType: null });
      const isAes = keyType === KeyType.AES;
      const {
        encrypt,
        decrypt: decrypts,
        sensitive,
        extractable,
      } = key.getAttribute({
        encrypt: null,
        decrypt: null,
        sensitive: null,
        extractable: null,
      });
      return {
        isAes256: isAes && key.getAttribute({ valueLen: null }).valueLen === AES_256_BYTES,
        encrypts: encrypt === true,
        decrypts: decrypts === true,
        sensitive: sensitive === true,
        extractable: extractable !== false,
        hasGcm: hasGcm(session),
      };
    });
  }

  /** Whether a failure to decrypt is the ciphertext's: the key still decrypts what it encrypts now. */
  #isMismatch({ failure: { code } }: HsmError, session: Session, key: SecretKey): boolean {
    if (NOT_AUTHENTIC.includes(code)) return true;
    if (!VAGUE.includes(code)) return false;
    try {
      const iv = randomBytes(IV_BYTES);
      const associatedData = Buffer.alloc(0);
      const probe = randomBytes(AES_256_BYTES);
      const sealed = session
        .createCipher(gcm(iv, associatedData), key)
        .once(probe, Buffer.alloc(ROOMY_BYTES));
      return decrypt(session, key, { iv, sealed, associatedData }).equals(probe);
    } catch {
      return false;
    }
  }

  #session(uri: KeyUri, pin: string): Session {
    const name = JSON.stringify([uri.token, uri.serial]);
    const known = this.#sessions.get(name);
    if (known) return known;
    if (this.#sessions.size >= MAX_SESSIONS) throw new HsmError('CKR_SESSION_COUNT', 'C_OpenSession');
    const slot = this.#slotOf(uri);
    const session = during('C_OpenSession', () => slot.open(SessionFlag.SERIAL_SESSION));
    try {
      during('C_Login', () => session.login(pin));
    } catch (error) {
      // Another session of this process is logged in: so is this one.
      if (!(error instanceof HsmError && error.failure.code === 'CKR_USER_ALREADY_LOGGED_IN')) {
        closeQuietly(session);
        throw error;
      }
    }
    this.#sessions.set(name, session);
    return session;
  }

  #slotOf({ token, serial }: KeyUri): graphene.Slot {
    const slots = during('C_GetSlotList', () => this.#module.getSlots(true));
    const matching: graphene.Slot[] = [];
    for (let index = 0; index < slots.length; index++) {
      const slot = slots.items(index);
      const found = during('C_GetTokenInfo', () => slot.getToken());
      const sameSerial = serial === null || found.serialNumber.trim() === serial;
      if (found.label.trim() === token && sameSerial) matching.push(slot);
    }
    const [slot, ...others] = matching;
    if (!slot) throw new HsmError(OWN_FAILURES.NO_TOKEN, 'C_GetTokenInfo');
    if (others.length > 0) throw new HsmError(OWN_FAILURES.SEVERAL_TOKENS, 'C_GetTokenInfo');
    return slot;
  }
}

function findKey(session: Session, { object, id }: KeyUri): SecretKey {
  return during('C_FindObjects', () => {
    const found = session.find({
      class: ObjectClass.SECRET_KEY,
      token: true,
      ...(object === null ? {} : { label: object }),
      ...(id === null ? {} : { id: Buffer.from(id, 'hex') }),
    });
    if (found.length === 0) throw new HsmError(OWN_FAILURES.NO_KEY, 'C_FindObjects');
    if (found.length > 1) throw new HsmError(OWN_FAILURES.SEVERAL_KEYS, 'C_FindObjects');
    return found.items(0).toType<SecretKey>();
  });
}

/** @throws HsmError when the HSM fails otherwise than by refusing the ciphertext */
function opensTo(dataKey: Buffer, session: Session, key: SecretKey, sealed: Sealed): boolean {
  let opened: Buffer;
  try {
    opened = decrypt(session, key, sealed);
  } catch (error) {
    if (error instanceof HsmError && [...NOT_AUTHENTIC, ...VAGUE].includes(error.failure.code)) return false;
    throw error;
  }
  const same = opened.length === dataKey.length && timingSafeEqual(opened, dataKey);
  opened.fill(0);
  return same;
}

function decrypt(session: Session, key: SecretKey, { iv, sealed, associatedData }: Sealed): Buffer {
  const output = Buffer.alloc(SEALED_BYTES);
  try {
    const decipher = during('C_DecryptInit', () =>
      session.createDecipher(gcm(Buffer.from(iv), associatedData), key),
    );
    const opened = during('C_Decrypt', () => decipher.once(Buffer.from(sealed), output));
    return Buffer.from(opened);
  } finally {
    output.fill(0);
  }
}

function gcm(iv: Buffer, associatedData: Buffer): graphene.MechanismType {
  return { name: 'AES_GCM', params: new graphene.AesGcm240Params(iv, associatedData, TAG_BYTES * 8) };
}

function hasGcm(session: Session): boolean {
  const mechanisms = session.slot.getMechanisms();
  for (let index = 0; index < mechanisms.length; index++) {
    if (mechanisms.items(index).type === MechanismEnum.AES_GCM) return true;
  }
  return false;
}

/** @throws HsmError for whatever the library throws */
function during<T>(step: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof HsmError ? error : new HsmError(codeOf(error, 'CKR_GENERAL_ERROR'), step);
  }
}

/** The library's binding throws an error whose message is the code's name. */
function codeOf(error: unknown, otherwise: string): string {
  return error instanceof Error ? (/CKR_[A-Z0-9_]+/.exec(error.message)?.[0] ?? otherwise) : otherwise;
}

function closeQuietly(session: Session): void {
  try {
    session.close();
  } catch {
    // The failure before it is what matters.
  }
}
