import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startKeyServices, type KeyServices, type KeyServicesOptions } from '../../broker/keys/services.ts';
import type { Observer } from '../../broker/keys/observer.ts';
import { DEFAULT_CATALOGUE } from '../../broker/model/catalogue.ts';
import type { AuditEvent, Kek } from '../../broker/model/types.ts';
import type { Caller } from '../../broker/policy/authorize.ts';
import { openStore } from '../../broker/store/open-store.ts';
import type { Store } from '../../broker/store/store.ts';
import type { Asset } from '../../core/asset.ts';
import type { Clock } from '../../runtime/clock.ts';
import { DrivenClock } from './driven-clock.ts';
import { everyProvider } from './every-provider.ts';
import { FakeKms } from './fake-kms.ts';
import { inTurn } from './in-turn.ts';
import type { Teardowns } from './shared-world.ts';

export const LEASE_MS = 300_000;
export const PROBE_INTERVAL_MS = 10_000;

export const ASSET: Asset = {
  account: 'acme',
  srvId: '0001',
  type: 'MeetingWebinarRecording',
  id: 'meeting-1',
};
export const RECORDER: Caller = { spiffeId: 'spiffe://cmk.test/service/0001', services: new Set(['0001']) };
export const PHONE: Caller = { spiffeId: 'spiffe://cmk.test/service/0002', services: new Set(['0002']) };

/** Never aborts. */
export const PATIENT = new AbortController().signal;

/** Remembers what the use cases told. */
export class Recorder implements Observer {
  readonly denials: string[] = [];
  readonly guarded: string[] = [];
  readonly fallbacks: string[] = [];
  readonly revocations: string[] = [];
  readonly cacheEvents: string[] = [];
  readonly background: unknown[] = [];
  readonly moved = new Map<string, number>();
  auditFailures = 0;

  denied(reason: string): void {
    this.denials.push(reason);
  }
  kmsCalled(): void {
    // The fake KMS counts for itself.
  }
  kmsGuarded(_provider: string, event: string): void {
    this.guarded.push(event);
  }
  fellBack(cause: string): void {
    this.fallbacks.push(cause);
  }
  cached(event: string): void {
    this.cacheEvents.push(event);
  }
  revoked(reason: string): void {
    this.revocations.push(reason);
  }
  dataKeysMoved(outcome: string, count: number): void {
    this.moved.set(outcome, (this.moved.get(outcome) ?? 0) + count);
  }
  auditWriteFailed(): void {
    this.auditFailures++;
  }
  backgroundFailed(_task: string, error: unknown): void {
    this.background.push(error);
  }
}

/** The use cases over a real store, with a KMS and a clock that the test drives. */
export interface KeyWorld extends KeyServices {
  readonly clock: DrivenClock;
  readonly kms: FakeKms;
  /** Without what the test put around it. */
  readonly store: Store;
  readonly sqlitePath: string;
  readonly observer: Recorder;
  /** The customer's key and its replica elsewhere. */
  readonly reference: string;
  readonly replica: string;
  readonly platformReference: string;
  readonly kek: Kek;
  issue(facts?: Partial<Asset>, caller?: Caller): ReturnType<KeyServices['issueDataKey']['run']>;
  /** Unwraps so far, those of canaries left out. */
  unwraps(): number;
  readonly audit: () => Promise<AuditEvent[]>;
  /** Another broker over the same store and KMS. */
  another(): Promise<KeyServices & { observer: Recorder }>;
}

export interface WorldOptions {
  readonly clock?: Clock;
  /** Puts something between the use cases and the store. */
  readonly around?: (store: Store) => Store;
  readonly kmsTimeoutMs?: number;
  readonly kmsConcurrency?: number;
  readonly moveRate?: number;
  /** Default: the fake one for all. */
  readonly providers?: (fake: FakeKms) => KeyServicesOptions['providers'];
}

/** An enrolled account `acme` whose Meeting Recorder's recordings are under its own key, and `globex` without one. */
export function keyWorld(t: Teardowns, options: WorldOptions = {}): Promise<KeyWorld> {
  return inTurn(() => makeWorld(t, options));
}

async function makeWorld(t: Teardowns, options: WorldOptions): Promise<KeyWorld> {
  const dir = await mkdtemp(join(tmpdir(), 'cmk-keys-'));
  t.teardown(() => rm(dir, { recursive: true }));
  const sqlitePath = join(dir, 'cmk.db');
  const store = await openStore({ sqlitePath });
  // Before anything can fail: what stays open keeps the test's process from ending.
  t.teardown(() => store.close());
  const clock = new DrivenClock();
  const kms = new FakeKms();
  const reference = kms.createKey('customer');
  const replica = kms.replicate(reference, 'customer-replica');
  const platformReference = kms.createKey('platform');
  const running: KeyServices[] = [];
  const start = async () => {
    const observer = new Recorder();
    const services = await startKeyServices({
      store: options.around?.(store) ?? store,
      providers: (options.providers ?? everyProvider)(kms),
      clock,
      observer,
      catalogue: DEFAULT_CATALOGUE,
      settings: {
        platformKey: [platformReference],
        leaseMs: LEASE_MS,
        cacheEntries: 1000,
        probeIntervalMs: PROBE_INTERVAL_MS,
        moveRate: options.moveRate ?? 1_000,
        troubleIntervalMs: PROBE_INTERVAL_MS,
        kmsTimeoutMs: options.kmsTimeoutMs ?? 5_000,
        kmsConcurrency: options.kmsConcurrency ?? 64,
        kmsAccountRate: 100_000,
        kmsQuotaShare: 100,
        kmsNearest: null,
      },
    });
    running.push(services);
    return { ...services, observer };
  };
  t.teardown(async () => {
    for (const each of running) await each.close();
  });
  const services = await start();

  const { administration, enrolKey, issueDataKey } = services;
  for (const id of ['acme', 'globex']) {
    await administration.putAccount('operator', { id, name: id, licence: 'ACCOUNT' });
  }
  await administration.setEnrolment('operator', 'acme', ASSET.srvId, ASSET.type, true);
  const enrolment = await enrolKey.run('operator', 'acme', {
    provider: 'aws',
    references: [reference, replica],
  });
  if (!enrolment.ok) throw enrolment.error;
  kms.calls.length = 0;
  return {
    ...services,
    clock,
    kms,
    store,
    sqlitePath,
    reference,
    replica,
    platformReference,
    kek: enrolment.kek,
    issue: (facts = {}, caller = RECORDER) =>
      issueDataKey.run(
        caller,
        { asset: { ...ASSET, ...facts }, owner: 'user-1', reason: 'STORAGE' },
        PATIENT,
      ),
    unwraps: () =>
      kms.calls.filter(({ operation, context }) => operation === 'unwrap' && context['type'] !== 'Canary')
        .length,
    audit: () => store.listAudit(null, 1000),
    another: start,
  };
}
