import { CmkError } from '../../../core/errors.ts';
import { DataKey } from '../../../core/data-key.ts';
import type { EncryptionContext } from '../../../core/encryption-context.ts';
import { DATA_KEY_BYTES } from '../../../core/message-format.ts';
import { associatedData } from '../associated-data.ts';
import { withDeadline } from '../deadline.ts';
import { generateHere } from '../generate-here.ts';
import {
  KmsError,
  type GeneratedDataKey,
  type KeyDescription,
  type KmsCall,
  type KmsProvider,
} from '../provider.ts';
import { PKCS11_ADVICE } from './advice.ts';
import type { Pkcs11Config } from './config.ts';
import { fromFailure, isPinRefusal, toKmsError } from './errors.ts';
import type { HsmAnswer, HsmCall, HsmKey } from './messages.ts';
import { Pins } from './pins.ts';
import { HsmPool } from './pool.ts';
import { escapeText, parseKeyUri, readKeyUri } from './reference.ts';
import { splitWrappedKey, WRAPPED_BYTES } from './wrapped-key.ts';

/** Beside this file, or beside the bundle. */
const SCRIPT = new URL(
  import.meta.filename.endsWith('.ts') ? './hsm-process.ts' : './hsm-process.mjs',
  import.meta.url,
);
const NOTHING = new Uint8Array(0);

type Asked = Pick<HsmCall, 'operation' | 'associatedData' | 'bytes'>;

/**
 * A customer's HSM through PKCS#11. A reference is a PKCS#11 URI of an AES-256 key; the data key is made here and
 * encrypted in the HSM with CKM_AES_GCM, the context as additional data. The HSM's library runs in processes of its own.
 */
export class Pkcs11Provider implements KmsProvider {
  readonly advice = PKCS11_ADVICE;
  readonly #pool: HsmPool | null;
  readonly #pins: Pins;

  /** @param script default: the processes' own */
  constructor(config: Pkcs11Config, script: URL = SCRIPT) {
    const { pkcs11ModulePath: modulePath, pkcs11Processes: maxProcesses } = config;
    this.#pool = modulePath === null ? null : new HsmPool({ script, modulePath, maxProcesses });
    this.#pins = new Pins(config.pkcs11PinFolder);
  }

  generate(reference: string, context: EncryptionContext, call: KmsCall): Promise<GeneratedDataKey> {
    return generateHere((dataKey) => this.wrap(reference, dataKey, context, call));
  }

  async wrap(
    reference: string,
    dataKey: DataKey,
    context: EncryptionContext,
    call: KmsCall,
  ): Promise<Uint8Array> {
    const bytes = dataKey.copyBytes();
    try {
      const asked: Asked = { operation: 'wrap', associatedData: associatedData(context), bytes };
      const answer = await this.#ask(reference, call, asked);
      const wrapped = bytesOf(answer, WRAPPED_BYTES);
      if (!splitWrappedKey(wrapped)) throw invalid('a wrapped key', 'something else');
      return wrapped;
    } finally {
      bytes.fill(0);
    }
  }

  async unwrap(
    reference: string,
    wrapped: Uint8Array,
    context: EncryptionContext,
    call: KmsCall,
  ): Promise<DataKey> {
    if (!splitWrappedKey(wrapped)) {
      throw new KmsError('CONTEXT_MISMATCH', 'the wrapped key is not one of this KMS');
    }
    const bytes = new Uint8Array(wrapped);
    const asked: Asked = { operation: 'unwrap', associatedData: associatedData(context), bytes };
    return DataKey.take(bytesOf(await this.#ask(reference, call, asked), DATA_KEY_BYTES));
  }

  async describe(reference: string, call: KmsCall): Promise<KeyDescription> {
    const asked: Asked = { operation: 'describe', associatedData: NOTHING, bytes: NOTHING };
    const answer = await this.#ask(reference, call, asked);
    if (answer.kind !== 'key') throw invalid('a description', 'something else');
    return toDescription(answer.key);
  }

  /**
   * The token: one key in it has many names, by label, by id or with the serial number. The broker has one PIN for all
   * keys in it, so that they are one account's.
   */
  identityOf(reference: string): string {
    return `pkcs11:token=${escapeText(readKeyUri(reference).token)}`;
  }

  /** The HSM stands where it stands, and its owner knows what it can do. */
  regionOf(): null {
    return null;
  }

  placeOf(reference: string): string {
    return this.identityOf(reference);
  }

  quotaOf(): null {
    return null;
  }

  parseReference(text: string): string {
    const uri = parseKeyUri(text);
    if (this.#pool) return uri;
    throw new CmkError(
      'INVALID_ARGUMENT',
      'reference: expected a KMS that the operator has set up, got a key in an HSM; CMK_PKCS11_MODULE is not set',
      { metadata: { field: 'reference' } },
    );
  }

  close(): void {
    this.#pool?.close();
  }

  async #ask(reference: string, call: KmsCall, asked: Asked): Promise<HsmAnswer> {
    const pool = this.#pool;
    if (!pool) throw new KmsError('UNREACHABLE', 'the broker uses no HSM: CMK_PKCS11_MODULE is not set');
    const key = readKeyUri(reference);
    try {
      const work = (signal: AbortSignal) =>
        this.#pins.use(
          key.token,
          async (pin) => {
            const answer = await pool.run({ ...asked, key, pin }, call.timeoutMs, signal);
            if (answer.kind === 'failure') throw fromFailure(answer.failure);
            return answer;
          },
          isPinRefusal,
        );
      return await withDeadline(call, work, wipe);
    } catch (error) {
      throw toKmsError(error);
    }
  }
}

function toDescription(key: HsmKey): KeyDescription {
  const enabled = key.encrypts && key.decrypts;
  const problem = unusable(key);
  const reason = enabled ? problem : 'CKA_ENCRYPT or CKA_DECRYPT is false';
  return {
    state: enabled ? 'ENABLED' : 'DISABLED',
    usable: problem === null,
    kind: key.isAes256 ? 'AES-256' : 'not AES-256',
    ...(reason === null ? {} : { reason }),
  };
}

function unusable(key: HsmKey): string | null {
  if (!key.isAes256) return 'expected an AES key of 256 bits';
  if (!key.sensitive) return 'expected CKA_SENSITIVE to be true: the key can be read out of the HSM';
  if (key.extractable) return 'expected CKA_EXTRACTABLE to be false: the key can be wrapped out of the HSM';
  return key.hasGcm ? null : 'expected a token with CKM_AES_GCM';
}

function bytesOf(answer: HsmAnswer, expected: number): Uint8Array {
  if (answer.kind === 'bytes' && answer.bytes.length === expected) return answer.bytes;
  wipe(answer);
  throw invalid(`${expected} bytes`, answer.kind === 'bytes' ? `${answer.bytes.length} bytes` : 'none');
}

function invalid(expected: string, actual: string): KmsError {
  return new KmsError('INVALID_RESPONSE', `the HSM’s answer: expected ${expected}, got ${actual}`);
}

function wipe(late: HsmAnswer): void {
  if (late.kind === 'bytes') late.bytes.fill(0);
}
