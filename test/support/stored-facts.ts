import { auditEvent } from '../../broker/audit/audit-event.ts';
import { newAlert, type Alert, type KeyStatusFacts, type Webhook } from '../../broker/model/alerts.ts';
import type { Account, AuditEvent, DataKeyRecord, Kek } from '../../broker/model/types.ts';
import { uuidv7 } from '../../broker/model/uuid.ts';
import type { Store } from '../../broker/store/store.ts';
import type { Asset } from '../../core/asset.ts';
import { assetContext } from '../../core/encryption-context.ts';

/** What a broker stores, with everything that a test does not care about filled in. */
export function anAccount(facts: Partial<Account> = {}): Account {
  return { id: 'acme', name: 'Acme', licence: 'ACCOUNT', externalId: 'cmk-0', ...facts };
}

export function aKek(facts: Partial<Kek> = {}): Kek {
  const id = uuidv7(Date.now());
  const references = [`arn:aws:kms:eu-central-1:111122223333:key/${id}`] as const;
  return {
    id,
    account: 'acme',
    provider: 'aws',
    references: [...references],
    role: null,
    lifecycle: 'STANDBY',
    canary: null,
    createdAt: 1_700_000_000,
    ...facts,
  };
}

export function anAsset(facts: Partial<Asset> = {}): Asset {
  return { account: 'acme', srvId: '0001', type: 'MeetingWebinarRecording', id: 'meeting-1', ...facts };
}

export function aDataKey(kek: Kek, facts: Partial<DataKeyRecord> = {}): DataKeyRecord {
  const asset = facts.asset ?? anAsset();
  const createdAt = facts.createdAt ?? 1_700_000_000;
  return {
    asset,
    id: uuidv7(Date.now()),
    generation: 1,
    kekId: kek.id,
    protection: 'CUSTOMER_KEY',
    wrapped: Uint8Array.from([1, 0, 255, 39, 92, 0]),
    context: assetContext(asset, createdAt),
    createdAt,
    owner: 'user-1',
    reencryptSince: null,
    destroyedAt: null,
    ...facts,
  };
}

export function anAuditEvent(facts: Partial<AuditEvent> = {}): AuditEvent {
  const clock = { wallMs: () => Date.now() };
  return auditEvent(clock, {
    action: 'ADMINISTER',
    outcome: 'ALLOWED',
    actor: 'operator',
    account: 'acme',
    ...facts,
  });
}

export async function withAccount(store: Store, id = 'acme'): Promise<void> {
  await store.putAccount(anAccount({ id }), anAuditEvent());
}

/** A key that is stored, and its account. */
export async function withKek(store: Store, facts: Partial<Kek> = {}): Promise<Kek> {
  await withAccount(store, facts.account ?? 'acme');
  const kek = aKek(facts);
  await store.insertKek(kek, kek.references, anAuditEvent());
  return kek;
}

export function anAlert(facts: Partial<KeyStatusFacts> = {}, about: Partial<Alert> = {}): Alert {
  const { at = Date.now(), account = 'acme', kekId = null } = about;
  const status: KeyStatusFacts = {
    kind: 'KEY_STATUS',
    reference: 'arn:aws:kms:eu-central-1:111122223333:key/one',
    use: 'DECRYPT',
    from: 'OK',
    to: 'FAILED',
    cause: 'KEY_DISABLED',
    ...facts,
  };
  return { ...newAlert(at, { account, kekId }, about.facts ?? status), ...about };
}

export function aWebhook(facts: Partial<Webhook> = {}): Webhook {
  const id = uuidv7(Date.now());
  return { id, account: 'acme', url: `https://hooks.test/${id}`, createdAt: 1_700_000_000, ...facts };
}
