import {
  DecryptCommand,
  DescribeKeyCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
  type KeyMetadata,
  type KMSClient,
} from '@aws-sdk/client-kms';
import { DataKey } from '../../../core/data-key.ts';
import type { EncryptionContext } from '../../../core/encryption-context.ts';
import { DATA_KEY_BYTES } from '../../../core/message-format.ts';
import type { AssumedRole } from '../../model/types.ts';
import { withDeadline } from '../deadline.ts';
import {
  KmsError,
  type GeneratedDataKey,
  type KeyDescription,
  type KmsCall,
  type KmsOperation,
  type KmsProvider,
  type KmsQuota,
} from '../provider.ts';
import { AWS_ADVICE, type AwsAction } from './advice.ts';
import { AwsClients, type AwsCredentials } from './client.ts';
import type { AwsConfig } from './config.ts';
import { toKmsError } from './errors.ts';
import { awsQuota } from './quotas.ts';
import { parseKeyArn, regionOf } from './reference.ts';
import { toSessionError } from './role-errors.ts';
import { parseRoleArn } from './role.ts';
import { RoleSessions } from './sessions.ts';

const MAX_BLOB_BYTES = 6_144;

const STATES: Readonly<Record<string, KeyDescription['state']>> = {
  Enabled: 'ENABLED',
  Disabled: 'DISABLED',
  PendingDeletion: 'PENDING_DELETION',
  PendingReplicaDeletion: 'PENDING_DELETION',
  PendingImport: 'DISABLED',
};

/**
 * AWS KMS. A reference is a key's ARN; each call goes to the ARN's region and names exactly this key. A call that names
 * a role is made as that role or not at all.
 */
export class AwsKmsProvider implements KmsProvider {
  readonly advice = AWS_ADVICE;
  readonly #clients: AwsClients;
  readonly #sessions: RoleSessions;

  /**
   * @param credentials default: where the SDK looks for them
   * @param nowMs monotonic
   */
  constructor(
    config: AwsConfig,
    credentials: AwsCredentials | null = null,
    nowMs: () => number = () => performance.now(),
  ) {
    this.#clients = new AwsClients(config, credentials);
    this.#sessions = new RoleSessions(this.#clients, nowMs);
  }

  async generate(reference: string, context: EncryptionContext, call: KmsCall): Promise<GeneratedDataKey> {
    const command = new GenerateDataKeyCommand({
      KeyId: reference,
      KeySpec: 'AES_256',
      EncryptionContext: { ...context },
    });
    const output = await this.#send('GenerateDataKey', reference, call, (client, options) =>
      client.send(command, options),
    );
    const dataKey = takeDataKey(output.Plaintext);
    try {
      checkKey(output.KeyId, reference);
      return { dataKey, wrapped: checkBlob(output.CiphertextBlob) };
    } catch (error) {
      dataKey[Symbol.dispose]();
      throw error;
    }
  }

  async wrap(
    reference: string,
    dataKey: DataKey,
    context: EncryptionContext,
    call: KmsCall,
  ): Promise<Uint8Array> {
    const plaintext = dataKey.copyBytes();
    try {
      const command = new EncryptCommand({
        KeyId: reference,
        Plaintext: plaintext,
        EncryptionContext: { ...context },
      });
      const output = await this.#send('Encrypt', reference, call, (client, options) =>
        client.send(command, options),
      );
      checkKey(output.KeyId, reference);
      return checkBlob(output.CiphertextBlob);
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
    const command = new DecryptCommand({
      KeyId: reference,
      CiphertextBlob: wrapped,
      EncryptionContext: { ...context },
    });
    const output = await this.#send('Decrypt', reference, call, (client, options) =>
      client.send(command, options),
    );
    const dataKey = takeDataKey(output.Plaintext);
    try {
      checkKey(output.KeyId, reference);
      return dataKey;
    } catch (error) {
      dataKey[Symbol.dispose]();
      throw error;
    }
  }

  async describe(reference: string, call: KmsCall): Promise<KeyDescription> {
    const command = new DescribeKeyCommand({ KeyId: reference });
    const output = await this.#send('DescribeKey', reference, call, (client, options) =>
      client.send(command, options),
    );
    const metadata = output.KeyMetadata;
    checkKey(metadata?.Arn, reference);
    return {
      state: STATES[metadata?.KeyState ?? ''] ?? 'UNAVAILABLE',
      usable: canWrap(metadata),
      ...(metadata?.KeySpec === undefined ? {} : { kind: metadata.KeySpec }),
      ...(metadata?.KeyState === 'PendingImport'
        ? { reason: 'its material is gone until it is imported again' }
        : {}),
    };
  }

  parseReference(text: string): string {
    return parseKeyArn(text);
  }

  /** A multi-region key has the same id in every region. */
  identityOf(reference: string): string {
    return reference.replace(/^(arn:[^:]+:kms):[^:]+:(\d+:key\/mrk-)/, '$1::$2');
  }

  regionOf(reference: string): string {
    return regionOf(reference);
  }

  placeOf(reference: string): string {
    return regionOf(reference);
  }

  quotaOf(reference: string, operation: KmsOperation): KmsQuota {
    return awsQuota(reference, operation);
  }

  parseRole(text: string, references: readonly string[]): string {
    return parseRoleArn(text, references);
  }

  checkRole(role: AssumedRole, reference: string, call: KmsCall): Promise<void> {
    return this.#sessions.check(role, regionOf(parseKeyArn(reference)), call);
  }

  close(): void {
    this.#sessions.clear();
    this.#clients.close();
  }

  async #send<T extends { Plaintext?: Uint8Array | undefined } | object>(
    action: AwsAction,
    reference: string,
    call: KmsCall,
    send: (client: KMSClient, options: { abortSignal: AbortSignal }) => Promise<T>,
  ): Promise<T> {
    const { role } = call;
    try {
      // Read again at every call: nothing but an ARN decides which host is connected to.
      const region = regionOf(parseKeyArn(reference));
      if (role) return await this.#sendAs(role, region, action, call, send);
      const client = this.#clients.get(region);
      return await withDeadline(call, (abortSignal) => send(client, { abortSignal }), wipe);
    } catch (error) {
      throw toKmsError(error, action);
    }
  }

  async #sendAs<T extends object>(
    role: AssumedRole,
    region: string,
    action: AwsAction,
    call: KmsCall,
    send: (client: KMSClient, options: { abortSignal: AbortSignal }) => Promise<T>,
  ): Promise<T> {
    const work = async (abortSignal: AbortSignal) =>
      send(await this.#sessions.client(role, region), { abortSignal });
    try {
      return await withDeadline(call, work, wipe);
    } catch (error) {
      const known = toSessionError(error, action);
      if (known.code === 'KMS_AUTH_FAILED') this.#sessions.drop(role, region);
      throw known;
    }
  }
}

function takeDataKey(plaintext: Uint8Array | undefined): DataKey {
  if (plaintext?.length === DATA_KEY_BYTES) return DataKey.take(plaintext);
  plaintext?.fill(0);
  throw invalid(`data key of ${DATA_KEY_BYTES} bytes`, plaintext ? `${plaintext.length} bytes` : 'none');
}

/** @returns a copy of its own: the SDK's bytes may share memory with the plaintext */
function checkBlob(blob: Uint8Array | undefined): Uint8Array {
  if (blob && blob.length > 0 && blob.length <= MAX_BLOB_BYTES) return new Uint8Array(blob);
  throw invalid(`wrapped key of 1 to ${MAX_BLOB_BYTES} bytes`, blob ? `${blob.length} bytes` : 'none');
}

function checkKey(answered: string | undefined, reference: string): void {
  if (answered !== reference) throw invalid('the key that was asked', answered ? 'another key' : 'none');
}

function canWrap(metadata: KeyMetadata | undefined): boolean {
  return metadata?.KeyUsage === 'ENCRYPT_DECRYPT' && metadata.KeySpec === 'SYMMETRIC_DEFAULT';
}

function invalid(expected: string, actual: string): KmsError {
  return new KmsError('INVALID_RESPONSE', `the KMS’s answer: expected ${expected}, got ${actual}`);
}

function wipe(late: { Plaintext?: Uint8Array | undefined } | object): void {
  if ('Plaintext' in late) late.Plaintext?.fill(0);
}
