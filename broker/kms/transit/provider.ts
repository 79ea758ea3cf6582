import { createHash, timingSafeEqual } from 'node:crypto';
import { performance } from 'node:perf_hooks';
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
import { TRANSIT_ADVICE } from './advice.ts';
import { TransitClient, type TransitKey } from './client.ts';
import type { TransitConfig } from './config.ts';
import { toKmsError } from './errors.ts';
import { locate, parseKeyUrl, type KeyLocation } from './reference.ts';
import { readServers, type TransitServer } from './servers.ts';

/** Only these bind associated data; of 256 bits, like the data keys. */
const USABLE_TYPES = ['aes256-gcm96', 'chacha20-poly1305', 'xchacha20-poly1305'];
const CIPHERTEXT = /^vault:v[1-9]\d{0,9}:[A-Za-z0-9+/]{40,2000}={0,2}$/;
const MAX_CIPHERTEXT_BYTES = 2_048;
const CONTEXT_DIGEST_BYTES = 32;

/**
 * The transit secrets engine of HashiCorp Vault and OpenBao. A reference is a key's URL. Transit's own data keys take no
 * associated data, so the data key is made here and encrypted there. What is encrypted is the data key and the
 * SHA-256 of its context: an answer that belongs to another request is noticed.
 */
export class TransitProvider implements KmsProvider {
  readonly advice = TRANSIT_ADVICE;
  readonly #servers: readonly TransitServer[];
  readonly #clients: ReadonlyMap<TransitServer, TransitClient>;

  /**
   * @param servers default: those of the file that the configuration names
   * @throws CmkError CONFIG_INVALID when that file is not as it should be
   */
  constructor(
    { transitServersPath, transitLoginTimeoutMs, transitMaxConnections }: TransitConfig,
    {
      servers = transitServersPath === null ? [] : readServers(transitServersPath),
      nowMs = () => performance.now(),
    }: { servers?: readonly TransitServer[]; nowMs?: () => number } = {},
  ) {
    const options = { maxConnections: transitMaxConnections, loginTimeoutMs: transitLoginTimeoutMs, nowMs };
    this.#servers = servers;
    this.#clients = new Map(servers.map((server) => [server, new TransitClient(server, options)]));
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
    const bound = associatedData(context);
    const key = dataKey.copyBytes();
    const plaintext = Buffer.concat([key, digest(bound)]);
    key.fill(0);
    try {
      const ciphertext = await this.#call(reference, call, (client, location, signal) =>
        client.encrypt(location, plaintext, bound, signal),
      );
      if (!CIPHERTEXT.test(ciphertext)) throw invalid('a ciphertext of transit', 'something else');
      return new Uint8Array(Buffer.from(ciphertext, 'ascii'));
    } finally {
      plaintext.fill(0);
    }
  }

  async unwrap(
    reference: string,
    wrapped: Uint8Array,
    context: EncryptionContext,
    call: KmsCall,
  ): Promise<DataKey> {
    const bound = associatedData(context);
    const ciphertext = Buffer.from(wrapped.subarray(0, MAX_CIPHERTEXT_BYTES + 1)).toString('latin1');
    if (!CIPHERTEXT.test(ciphertext)) {
      throw new KmsError('CONTEXT_MISMATCH', 'the wrapped key is not one of this KMS');
    }
    const plaintext = await this.#call(
      reference,
      call,
      (client, location, signal) => client.decrypt(location, ciphertext, bound, signal),
      (late) => late.fill(0),
    );
    return takeDataKey(plaintext, bound);
  }

  async describe(reference: string, call: KmsCall): Promise<KeyDescription> {
    return this.#call(reference, call, async (client, location, signal) => {
      const key = await client.readKey(location, signal);
      if (key.name !== location.name) throw invalid('the key that was asked', 'another key');
      return toDescription(key);
    });
  }

  parseReference(text: string): string {
    return parseKeyUrl(text, this.#servers);
  }

  identityOf(reference: string): string {
    return reference;
  }

  /** A server's name does not tell where it is. */
  regionOf(): null {
    return null;
  }

  placeOf(reference: string): string {
    return new URL(reference).origin;
  }

  /** Its owner sets the limits, and answers 429 beyond them. */
  quotaOf(): null {
    return null;
  }

  close(): void {
    for (const client of this.#clients.values()) client.close();
  }

  async #call<T>(
    reference: string,
    call: KmsCall,
    work: (client: TransitClient, location: KeyLocation, signal: AbortSignal) => Promise<T>,
    discard: (late: T) => void = () => undefined,
  ): Promise<T> {
    const location = locate(reference, this.#servers);
    const client = location && this.#clients.get(location.server);
    if (!client) {
      throw new KmsError(
        'UNREACHABLE',
        'the broker’s configuration does not name this KMS (CMK_TRANSIT_SERVERS)',
      );
    }
    try {
      return await withDeadline(call, (signal) => work(client, location, signal), discard);
    } catch (error) {
      throw toKmsError(error);
    }
  }
}

function toDescription({ type, derived, softDeleted, deletionAllowed }: TransitKey): KeyDescription {
  const problem = !USABLE_TYPES.includes(type)
    ? `the key is of type ${type}, which does not bind a context; expected ${USABLE_TYPES.join(' or ')}`
    : // A derived key would want a second context, and convergent encryption repeats its nonces.
      derived
      ? 'the key derives a key for each context; expected derived=false'
      : null;
  const reason = softDeleted ? 'the key is soft-deleted' : problem;
  return {
    state: softDeleted ? 'DISABLED' : 'ENABLED',
    usable: problem === null,
    kind: derived ? `${type}, derived` : type,
    ...(reason === null ? {} : { reason }),
    // Where deletion is not allowed, it takes a change of the key's configuration first, which is a permission of its own.
    deletion: deletionAllowed ? 'NONE' : 'PROTECTED',
  };
}

function takeDataKey(plaintext: Buffer, bound: Buffer): DataKey {
  const expectedBytes = DATA_KEY_BYTES + CONTEXT_DIGEST_BYTES;
  try {
    if (plaintext.length !== expectedBytes) {
      throw invalid(`${expectedBytes} bytes`, `${plaintext.length} bytes`);
    }
    if (!timingSafeEqual(plaintext.subarray(DATA_KEY_BYTES), digest(bound))) {
      throw invalid('the data key of this context', 'another one');
    }
    return DataKey.take(plaintext.subarray(0, DATA_KEY_BYTES));
  } finally {
    plaintext.fill(0);
  }
}

function digest(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}

function invalid(expected: string, actual: string): KmsError {
  return new KmsError('INVALID_RESPONSE', `the KMS’s answer: expected ${expected}, got ${actual}`);
}
