import { CmkError } from '../../core/errors.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Kek, ProviderName } from '../model/types.ts';
import { uuidv7 } from '../model/uuid.ts';
import type { Store } from '../store/store.ts';
import type { KmsCalls } from './kms-calls.ts';
import type { Ledger } from './ledger.ts';
import { verifyKey, type VerificationStep } from './verify-key.ts';

/** More replicas than any KMS has regions would only slow failures down. */
export const MAX_REFERENCES = 16;

export type Enrolment =
  | { readonly ok: true; readonly kek: Kek; readonly steps: readonly VerificationStep[] }
  | { readonly ok: false; readonly error: CmkError; readonly steps: readonly VerificationStep[] };

/** Takes a key into use: verified first, stored as STANDBY with its canary. */
export class EnrolKey {
  readonly #options: EnrolOptions;

  constructor(options: EnrolOptions) {
    this.#options = options;
  }

  /**
   * @param account null: the platform's own key
   * @param references the key first, then its replicas in the order to try
   * @throws CmkError INVALID_ARGUMENT, ACCOUNT_UNKNOWN, CONFLICT, STORE_UNAVAILABLE; what the KMS answers is in the
   *   result
   */
  async run(
    actor: string,
    account: string | null,
    key: { provider: ProviderName; references: readonly string[] },
  ): Promise<Enrolment> {
    const { store, kms, ledger, clock } = this.#options;
    const references = this.#parse(key);
    if (account !== null && !(await store.findAccount(account))) {
      throw new CmkError('ACCOUNT_UNKNOWN', `no account ${account}`);
    }
    const { provider } = key;
    const nowMs = clock.wallMs();
    // In the order of their making: `createdAt` alone does not tell two keys of one second apart.
    const kekId = uuidv7(nowMs);
    const verification = await verifyKey(kms, { provider, references, kekId, account }, nowMs);
    const { steps } = verification;
    const entry = { action: 'ADMINISTER', actor, account } as const;
    if (!verification.ok) {
      const detail = `enrol key ${references[0]}: ${steps.at(-1)?.detail ?? verification.error.code}`;
      await ledger.record({ ...entry, outcome: 'FAILED', detail: detail });
      return { ok: false, error: verification.error, steps };
    }
    const kek: Kek = {
      id: kekId,
      account,
      provider,
      references,
      role: null,
      lifecycle: 'STANDBY',
      canary: verification.canary,
      createdAt: Math.floor(nowMs / 1000),
    };
    const detail = `enrol key ${references.join(', ')}`;
    await store.insertKek(kek, ledger.event({ ...entry, outcome: 'ALLOWED', kekId, detail }));
    return { ok: true, kek, steps };
  }

  #parse(key: { provider: ProviderName; references: readonly string[] }): [string, ...string[]] {
    const { kms } = this.#options;
    const [first, ...replicas] = key.references.map((text) => kms.parseReference(key.provider, text));
    const twice = new Set([first, ...replicas]).size !== key.references.length;
    if (first === undefined || twice || key.references.length > MAX_REFERENCES) {
      const expected = `1 to ${MAX_REFERENCES} different ones`;
      throw new CmkError(
        'INVALID_ARGUMENT',
        `references: expected ${expected}, got ${key.references.length}`,
        {
          metadata: { field: 'references' },
        },
      );
    }
    return [first, ...replicas];
  }
}

interface EnrolOptions {
  readonly store: Pick<Store, 'findAccount' | 'insertKek'>;
  readonly kms: KmsCalls;
  readonly ledger: Ledger;
  readonly clock: Clock;
}
