import { createSecretKey, randomBytes, randomUUID, type KeyObject } from 'node:crypto';
import { formatKeyArn, parseKeyArn, KEY_ID_PATTERN } from './arn.ts';
import { AwsError } from './errors.ts';
import { parsePolicy, type Policy } from './policy-document.ts';

export type KeyState =
  'Enabled' | 'Disabled' | 'PendingDeletion' | 'PendingReplicaDeletion' | 'PendingImport' | 'Unavailable';

export type KeyUsage = 'ENCRYPT_DECRYPT' | 'SIGN_VERIFY' | 'GENERATE_VERIFY_MAC';

/** One key in one region. Replicas of a multi-region key share `family`. */
export interface Key {
  readonly arn: string;
  readonly region: string;
  readonly account: string;
  readonly keyId: string;
  readonly family: KeyFamily;
  readonly createdAtMs: number;
  readonly description: string;
  state: KeyState;
  /** As it was put, and as it is understood. */
  policyText: string;
  policy: Policy;
  deletionAtMs: number | null;
  /** While a primary waits for its replicas to go. */
  pendingWindowDays: number | null;
}

/** What the regions of a multi-region key have in common; a key of one region is a family of one. */
export interface KeyFamily {
  readonly keyId: string;
  readonly multiRegion: boolean;
  readonly primaryRegion: string;
  /** Keys for signing and for MACs can be described, but do nothing else here. */
  readonly usage: KeyUsage;
  /** By version, from 1: rotation adds one, and blobs of the older ones still open. */
  readonly materials: KeyObject[];
}

export interface NewKey {
  readonly region: string;
  readonly account: string;
  readonly multiRegion: boolean;
  readonly usage: KeyUsage;
  readonly description: string;
  readonly policyText: string;
}

/** The keys of all regions and accounts. */
export class KeyStore {
  readonly #byArn = new Map<string, Key>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  create({ region, account, multiRegion, usage, description, policyText }: NewKey): Key {
    const keyId = multiRegion ? `mrk-${randomBytes(16).toString('hex')}` : randomUUID();
    const family = { keyId, multiRegion, primaryRegion: region, usage, materials: [newMaterial()] };
    return this.add({ family, region, account, description, policyText });
  }

  replicate(primary: Key, region: string, policyText: string, description: string): Key {
    return this.add({ family: primary.family, region, account: primary.account, description, policyText });
  }

  add(spec: Omit<NewKey, 'multiRegion' | 'usage'> & { family: KeyFamily; createdAtMs?: number }): Key {
    const { family, region, account, description, policyText, createdAtMs = this.#nowMs() } = spec;
    const { keyId } = family;
    const arn = formatKeyArn({ region, account, keyId });
    if (this.#byArn.has(arn)) throw new AwsError('AlreadyExistsException', `${arn} already exists`);
    const key: Key = {
      arn,
      region,
      account,
      keyId,
      family,
      createdAtMs,
      description,
      state: 'Enabled',
      policyText,
      policy: parsePolicy(policyText, 'key'),
      deletionAtMs: null,
      pendingWindowDays: null,
    };
    this.#byArn.set(arn, key);
    return key;
  }

  /**
   * Finds the key that a request names.
   * @param keyId an ARN, or the id of a key of the caller's account
   * @throws AwsError NotFoundException, InvalidArnException, ValidationException
   */
  resolve(keyId: string, region: string, callerAccount: string): Key {
    if (keyId.includes(':alias/') || keyId.startsWith('alias/')) {
      throw new AwsError('NotFoundException', `Alias ${keyId} is not found.`);
    }
    if (keyId.startsWith('arn:')) {
      const parsed = parseKeyArn(keyId);
      if (parsed.region !== region) throw new AwsError('NotFoundException', `Invalid arn ${parsed.region}`);
      return this.get(keyId);
    }
    if (!KEY_ID_PATTERN.test(keyId)) throw new AwsError('NotFoundException', `Invalid keyId '${keyId}'`);
    return this.get(formatKeyArn({ region, account: callerAccount, keyId }));
  }

  /** @throws AwsError NotFoundException */
  get(arn: string): Key {
    this.#deleteDue();
    const key = this.#byArn.get(arn);
    if (!key) throw new AwsError('NotFoundException', `Key '${arn}' does not exist`);
    return key;
  }

  /** The key that made a blob, in this region and whatever account. */
  findById(keyId: string, region: string): Key | undefined {
    this.#deleteDue();
    return this.all().find((key) => key.keyId === keyId && key.region === region);
  }

  replicasOf(key: Key): Key[] {
    return this.all().filter((other) => other.family === key.family && other !== key);
  }

  delete(key: Key): void {
    this.#byArn.delete(key.arn);
    const primary = this.all().find(
      (other) => other.family === key.family && other.state === 'PendingReplicaDeletion',
    );
    if (primary && this.replicasOf(primary).length === 0) {
      primary.state = 'PendingDeletion';
      primary.deletionAtMs = this.#nowMs() + (primary.pendingWindowDays ?? 30) * 86_400_000;
    }
  }

  all(): Key[] {
    return [...this.#byArn.values()];
  }

  #deleteDue(): void {
    for (const key of this.#byArn.values()) {
      if (key.deletionAtMs !== null && key.deletionAtMs <= this.#nowMs()) this.delete(key);
    }
  }
}

/** Fresh key material; the bytes that it is made of are wiped. */
export function newMaterial(): KeyObject {
  const bytes = randomBytes(32);
  const material = createSecretKey(bytes);
  bytes.fill(0);
  return material;
}
