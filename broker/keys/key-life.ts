import { CmkError } from '../../core/errors.ts';
import type { Clock } from '../../runtime/clock.ts';
import { KEY_USES, newAlert } from '../model/alerts.ts';
import { unknownStatus, type KeyStatusRecord } from '../model/key-status.ts';
import type { AuditEvent, Kek, KeyLifecycle, ListedKek } from '../model/types.ts';
import { unknownAccount } from '../model/unknown-account.ts';
import type { Store } from '../store/store.ts';
import type { Ledger } from './ledger.ts';
import type { Revocations } from './revocations.ts';

/** A key, and how each use of each of its references goes. */
export interface KeyView extends Omit<ListedKek, 'canary'> {
  readonly statuses: readonly KeyStatusRecord[];
}

/** What an administrator confirms who retires a key that is still needed. */
export interface Confirmation {
  readonly acceptUnreadable: boolean;
  /** As the blast radius says; null: not given. */
  readonly dataKeys: number | null;
  /** That new data of an account with a licence is under the platform key from then on. */
  readonly acceptNoKey: boolean;
}

const MAY_RETIRE: readonly KeyLifecycle[] = ['STANDBY', 'ACTIVE', 'DECRYPT_ONLY'];

/** The keys of an account as administrators see them, and the end of a key's life. */
export class KeyLife {
  readonly #options: KeyLifeOptions;

  constructor(options: KeyLifeOptions) {
    this.#options = options;
  }

  /** Newest first. @throws CmkError ACCOUNT_UNKNOWN, STORE_UNAVAILABLE */
  async list(account: string): Promise<KeyView[]> {
    const { store } = this.#options;
    if (!(await store.findAccount(account))) throw unknownAccount(account);
    const keks = await store.listAnyKeks(account);
    const statuses = await store.keyStatuses.list(keks.map(({ id }) => id));
    return keks.map((kek) => viewOf(kek, statuses));
  }

  /** @throws CmkError NOT_FOUND, STORE_UNAVAILABLE */
  async one(account: string, kekId: string): Promise<KeyView> {
    const kek = await findListedKek(this.#options.store, account, kekId);
    return viewOf(kek, await this.#options.store.keyStatuses.list([kekId]));
  }

  /**
   * From now on the key opens nothing, and every broker and sidecar forgets what it opened.
   * @returns the position of the revocation
   * @throws CmkError NOT_FOUND, CONFLICT, INVALID_ARGUMENT, STORE_UNAVAILABLE
   */
  async retire(actor: string, account: string, kekId: string, confirmed: Confirmation): Promise<number> {
    const { store, revocations, clock } = this.#options;
    const kek = await findOwnKek(store, account, kekId);
    const dataKeys = confirmed.acceptUnreadable ? confirmed.dataKeys : 0;
    if (dataKeys === null) {
      throw new CmkError('INVALID_ARGUMENT', 'dataKeys: expected how many become unreadable, got nothing', {
        metadata: { field: 'dataKeys' },
      });
    }
    const at = Math.trunc(clock.wallMs());
    const event = { kekId, reason: 'KEY_RETIRED', at };
    const unreadable = dataKeys === 0 ? 'it protects nothing' : `${dataKeys} data keys become unreadable`;
    const [reference] = kek.references;
    const change = { kind: 'KEY_LIFECYCLE', reference, from: kek.lifecycle, to: 'RETIRED' } as const;
    const result = await store.keyLife.retire(
      {
        kekId,
        from: [kek.lifecycle].filter((each) => MAY_RETIRE.includes(each)),
        dataKeys,
        acceptNoKey: confirmed.acceptNoKey,
        event,
      },
      this.#event(actor, kek, `retire key ${reference}: ${unreadable}`),
      [newAlert(at, { account, kekId }, change)],
    );
    if (result.outcome === 'OTHER_STATE') throw wrongState(result.lifecycle, MAY_RETIRE, 'retire it');
    if (result.outcome === 'OTHER_COUNT') throw protects(result.dataKeys, dataKeys);
    if (result.outcome === 'LAST_KEY') throw lastKey();
    revocations.dropHere(kekId);
    const revoke = { action: 'REVOKE', outcome: 'ALLOWED', actor, account, kekId } as const;
    await revocations.publishMoved(event, this.#options.ledger.event(revoke));
    await revocations.poll();
    return result.position;
  }

  /**
   * Brings a retired key back: it opens again what it protects. The account's newest key was never replaced, and takes new
   * data again as well.
   * @throws CmkError NOT_FOUND, CONFLICT, STORE_UNAVAILABLE
   */
  async restore(actor: string, account: string, kekId: string): Promise<KeyView> {
    const { store } = this.#options;
    const kek = await findOwnKek(store, account, kekId);
    const to = await this.#lifeAfter(kek);
    const audit = this.#event(actor, kek, `bring back key ${kek.references[0]} as ${to}`);
    if (!(await store.moveKek(kekId, ['RETIRED'], to, audit))) {
      throw wrongState(kek.lifecycle, ['RETIRED'], 'bring it back');
    }
    return this.one(account, kekId);
  }

  async #lifeAfter({ id, account }: Kek): Promise<KeyLifecycle> {
    const { store } = this.#options;
    const [newest] = await store.listKeks(account);
    if (newest?.id !== id) return 'DECRYPT_ONLY';
    return account !== null && (await store.keyLife.count(account, id)).length > 0 ? 'ACTIVE' : 'STANDBY';
  }

  #event(actor: string, { id: kekId, account }: Kek, detail: string): AuditEvent {
    const facts = { action: 'ADMINISTER', outcome: 'ALLOWED' } as const;
    return this.#options.ledger.event({ ...facts, actor, account, kekId, detail });
  }
}

/**
 * A key of this account. Another account's is as if it did not exist.
 * @throws CmkError NOT_FOUND
 */
export async function findOwnKek(
  store: Pick<Store, 'findKek'>,
  account: string,
  kekId: string,
): Promise<Kek> {
  const kek = await store.findKek(kekId);
  if (kek?.account === account) return kek;
  throw noSuchKey();
}

/** As {@link findOwnKek}, to be looked at. @throws CmkError NOT_FOUND */
export async function findListedKek(
  store: Pick<Store, 'listAnyKeks'>,
  account: string,
  kekId: string,
): Promise<ListedKek> {
  const kek = (await store.listAnyKeks(account)).find(({ id }) => id === kekId);
  if (kek) return kek;
  throw noSuchKey();
}

function noSuchKey(): CmkError {
  return new CmkError('NOT_FOUND', 'the account has no such key');
}

/** A key as operators see it: without its canary, which is nobody's business. */
export function viewOf(kek: ListedKek, statuses: readonly KeyStatusRecord[]): KeyView {
  const { canary: _canary, ...facts } = kek;
  const places = kek.references.flatMap((reference) =>
    KEY_USES.map((use) => ({ kekId: kek.id, reference, use })),
  );
  const known = (place: Pick<KeyStatusRecord, 'kekId' | 'reference' | 'use'>) =>
    statuses.find(
      ({ kekId, reference, use }) =>
        kekId === place.kekId && reference === place.reference && use === place.use,
    );
  return { ...facts, statuses: places.map((place) => known(place) ?? unknownStatus(place)) };
}

export function wrongState(actual: KeyLifecycle, allowed: readonly KeyLifecycle[], to: string): CmkError {
  const expected = `expected the key to be ${allowed.join(' or ')} to ${to}`;
  return new CmkError('CONFLICT', `${expected}, it is ${actual}`, {
    metadata: { lifecycle: actual, allowed: allowed.join(',') },
  });
}

function protects(actual: number, confirmed: number): CmkError {
  const expected = confirmed === 0 ? 'that the key protects no data keys' : `${confirmed} data keys`;
  const way = 'move them to another key first, or confirm this number with acceptUnreadable';
  return new CmkError('CONFLICT', `expected ${expected}, it protects ${actual}: ${way}`, {
    metadata: { dataKeys: String(actual) },
  });
}

function lastKey(): CmkError {
  const what = 'new assets of the account would be under the platform key';
  const way = 'enrol another key or take the licence away first, or confirm with acceptNoKey';
  return new CmkError('CONFLICT', `${what}: ${way}`, { metadata: { newDataIfRetired: 'PLATFORM_KEY' } });
}

interface KeyLifeOptions {
  readonly store: Pick<
    Store,
    'findAccount' | 'findKek' | 'listKeks' | 'listAnyKeks' | 'moveKek' | 'keyLife' | 'keyStatuses'
  >;
  readonly revocations: Pick<Revocations, 'dropHere' | 'poll' | 'publishMoved'>;
  readonly ledger: Ledger;
  readonly clock: Clock;
}
