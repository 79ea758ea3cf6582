import type { EncryptionContext } from '../../core/encryption-context.ts';
import type { ManagedProcess } from '../process.ts';

/** The KMSs that a customer of the sandbox may keep their key in; the provider's own is always AWS. */
export const KMS_NAMES = ['aws', 'azure', 'oci', 'transit'] as const;
export type KmsName = (typeof KMS_NAMES)[number];

/** References of one key, the first one made first; with others only where the KMS has replicas. */
export type References = readonly [string, ...string[]];

/** A customer with their own KMS: their console and their log, over an emulator's control API. */
export interface Customer {
  readonly kms: KmsName;
  readonly words: CustomerWords;
  /** Makes a key that nobody else may use yet, with a replica where the KMS has them. */
  createKey(): Promise<References>;
  /** Lets the provider's broker use the key, as narrowly as the KMS can: at best for one account's assets. */
  allowBroker(references: References, account: string): Promise<void>;
  /** Takes the key away for everyone, so that {@link enable} gives it back. */
  disable(references: References): Promise<void>;
  enable(references: References): Promise<void>;
  /** Has the key destroyed. Until then, days or weeks later, it is as good as destroyed for everyone. */
  destroy(references: References): Promise<void>;
  /** Each wrapping and unwrapping in this customer's log, oldest first. */
  keyUses(): Promise<KeyUse[]>;
  /** Where a key or replica is, in words, a region or what the KMS has for it, e.g. `us-east-1`. */
  placeOf(reference: string): string;
  /** For a browser or curl: the log. */
  readonly logUrl: string;
  /** For curl: takes POST with `/disable` or `/enable` after it. */
  keyUrl(reference: string): string;
}

/** A line of the customer's log in the shape that all of them share. */
export interface KeyUse {
  readonly kind: 'WRAP' | 'UNWRAP';
  /** As this KMS calls it, e.g. `GenerateDataKey`. */
  readonly operation: string;
  /** As {@link Customer.placeOf} says. */
  readonly place: string;
  /** What it was for; null: this KMS's log does not say. */
  readonly context: EncryptionContext | null;
  /** The KMS's own word for why it refused; null: it did not. */
  readonly refusal: string | null;
  /** The part of the line that its reader looks for, as this KMS writes it. */
  readonly excerpt: object;
}

/** What a story says of a KMS where they differ; each is a sentence, or stands where one needs it. */
export interface CustomerWords {
  /** E.g. `AWS KMS`. */
  readonly service: string;
  /** Where {@link Customer.createKey} makes what; a list of references follows. */
  readonly key: string;
  /** What {@link Customer.allowBroker} allows. */
  readonly permission: string;
  /** Whether log lines name the asset, and by what. */
  readonly log: string;
  /** What {@link Customer.disable} does. */
  readonly disabling: string;
  /** What the broker tries on a key, by the step's name, where the usual words are not true. */
  readonly steps: Readonly<Record<string, string>>;
}

/** A customer and what their KMS needs around it. */
export interface CustomerSide {
  readonly customer: Customer;
  /** The emulator; null: the provider's, which runs anyway. */
  readonly process: ManagedProcess | null;
  /** Settings that lead a broker to it. */
  readonly brokerEnv: Readonly<Record<string, string>>;
}
