import { CmkError } from '../../core/errors.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Account, AssumedRole, Kek, ProviderName } from '../model/types.ts';
import { uuidv7 } from '../model/uuid.ts';
import { unknownAccount } from '../model/unknown-account.ts';
import type { Store } from '../store/store.ts';
import type { KeyStatuses } from './key-statuses.ts';
import type { KmsCalls } from './kms-calls.ts';
import type { Ledger } from './ledger.ts';
import {
  verifyKey,
  type KeyCandidate,
  type Onlooker,
  type Verification,
  type VerificationStep,
} from './verify-key.ts';

/** More replicas than any KMS has regions would only slow failures down. */
export const MAX_REFERENCES = 16;

export type Enrolment =
  | { readonly ok: true; readonly kek: Kek; readonly steps: readonly VerificationStep[] }
  | { readonly ok: false; readonly error: CmkError; readonly steps: readonly VerificationStep[] };

/** How a key would do, without anything being stored. */
export type Trial =
  | { readonly ok: true; readonly steps: readonly VerificationStep[] }
  | { readonly ok: false; readonly error: CmkError; readonly steps: readonly VerificationStep[] };

/** A key as a customer names it: the key first, then its replicas in the order to try. */
export interface NamedKey {
  readonly provider: ProviderName;
  readonly references: readonly string[];
  /** The role in the customer's account through which they are reached, where the provider has roles. */
  readonly role?: string;
}

/** Takes a key into use: verified first, stored as STANDBY with its canary. */
export class EnrolKey {
  readonly #options: EnrolOptions;

  constructor(options: EnrolOptions) {
    this.#options = options;
  }

  /**
   * @param account null: the platform's own key
   * @throws CmkError INVALID_ARGUMENT, ACCOUNT_UNKNOWN, CONFLICT, STORE_UNAVAILABLE; what the verification found is
   *   in the result
   */
  async run(actor: string, account: string | null, key: NamedKey, onlooker?: Onlooker): Promise<Enrolment> {
    const { store, kms, statuses, ledger } = this.#options;
    const { candidate, nowMs, verification } = await this.#verify(account, key, onlooker);
    const { references, role } = candidate;
    const { steps } = verification;
    const entry = { action: 'ADMINISTER', actor, account } as const;
    if (!verification.ok) {
      const detail = `enrol key ${references[0]}: ${failureIn(verification)}`;
      await ledger.record({ ...entry, outcome: 'FAILED', detail });
      return { ok: false, error: verification.error, steps };
    }
    const { kekId, ...named } = candidate;
    const kek: Kek = {
      id: kekId,
      ...named,
      lifecycle: 'STANDBY',
      canary: verification.canary,
      createdAt: Math.floor(nowMs / 1000),
    };
    const detail = `enrol key ${references.join(', ')}${role ? ` through ${role.arn}` : ''}`;
    const identities = references.map((reference) => kms.identityOf(candidate.provider, reference));
    await store.insertKek(kek, identities, ledger.event({ ...entry, outcome: 'ALLOWED', kekId, detail }));
    statuses.verified(kek, references);
    return { ok: true, kek, steps };
  }

  /**
   * As {@link run}, and stores nothing but the audit event.
   * @throws CmkError INVALID_ARGUMENT, ACCOUNT_UNKNOWN, STORE_UNAVAILABLE
   */
  async verify(actor: string, account: string, key: NamedKey, onlooker?: Onlooker): Promise<Trial> {
    const { candidate, verification } = await this.#verify(account, key, onlooker);
    const { ok, steps } = verification;
    const detail = `verify key ${candidate.references[0]}: ${ok ? 'it passes' : failureIn(verification)}`;
    const outcome = ok ? 'ALLOWED' : 'FAILED';
    await this.#options.ledger.record({ action: 'ADMINISTER', actor, account, outcome, detail });
    return ok ? { ok, steps } : { ok, steps, error: verification.error };
  }

  async #verify(
    account: string | null,
    key: NamedKey,
    onlooker?: Onlooker,
  ): Promise<{ candidate: KeyCandidate; nowMs: number; verification: Verification }> {
    const { store, clock } = this.#options;
    const references = parseReferences(this.#options.kms, key);
    const owner = account === null ? null : await store.findAccount(account);
    if (account !== null && !owner) throw unknownAccount(account);
    const role = this.#roleOf(key, references, owner);
    const nowMs = clock.wallMs();
    // In the order of their making: `createdAt` alone does not tell two keys of one second apart.
    const candidate = { kekId: uuidv7(nowMs), account, provider: key.provider, references, role };
    const verification = await verifyKey(this.#options, candidate, nowMs, onlooker);
    return { candidate, nowMs, verification };
  }

  #roleOf(key: NamedKey, references: readonly string[], owner: Account | null): AssumedRole | null {
    if (key.role === undefined) return null;
    const arn = this.#options.kms.parseRole(key.provider, key.role, references);
    if (owner) return { arn, externalId: owner.externalId };
    throw new CmkError('INVALID_ARGUMENT', 'role: expected none for the platform’s own key, got one', {
      metadata: { field: 'role' },
    });
  }
}

/** Each as its provider writes it. @throws CmkError INVALID_ARGUMENT */
export function parseReferences(kms: KmsCalls, key: NamedKey): [string, ...string[]] {
  const [first, ...replicas] = key.references.map((text) => kms.parseReference(key.provider, text));
  const isTwice = new Set([first, ...replicas]).size !== key.references.length;
  if (first === undefined || isTwice || key.references.length > MAX_REFERENCES) {
    const expected = `1 to ${MAX_REFERENCES} different ones`;
    throw new CmkError('INVALID_ARGUMENT', `references: expected ${expected}, got ${key.references.length}`, {
      metadata: { field: 'references' },
    });
  }
  return [first, ...replicas];
}

interface EnrolOptions {
  readonly store: Pick<Store, 'findAccount' | 'ownerOfKey' | 'insertKek'>;
  readonly kms: KmsCalls;
  readonly statuses: Pick<KeyStatuses, 'verified'>;
  readonly ledger: Ledger;
  readonly clock: Clock;
}

/** What stopped it, for an audit event. */
export function failureIn({ steps }: Verification): string {
  return steps.find(({ outcome }) => outcome === 'FAILED')?.detail ?? 'no step failed';
}
