import type { Clock } from '../../runtime/clock.ts';
import { AuditWriter } from '../audit/audit-writer.ts';
import type { KmsProvider } from '../kms/provider.ts';
import type { Catalogue } from '../model/catalogue.ts';
import type { ProviderName } from '../model/types.ts';
import type { Store } from '../store/store.ts';
import { Access } from './access.ts';
import { Administration } from './administration.ts';
import type { BlastRadiusOptions } from './blast-radius.ts';
import { ChangeKey } from './change-key.ts';
import { CoverageChanges } from './coverage-changes.ts';
import { DescribeAsset } from './describe-asset.ts';
import { EnrolKey } from './enrol-key.ts';
import { FallbackRecovery, type StartRecovery } from './fallback.ts';
import { FallbackSettings } from './fallback-settings.ts';
import { IssueDataKey } from './issue-data-key.ts';
import { KeyHealth } from './key-health.ts';
import { KeyLife } from './key-life.ts';
import { KeyStatuses } from './key-statuses.ts';
import { KmsCalls, type KmsCallsOptions } from './kms-calls.ts';
import { LeasedKeys } from './leased-keys.ts';
import { LeaseSettings } from './lease-settings.ts';
import { Ledger } from './ledger.ts';
import { LedgerReading } from './ledger-reading.ts';
import type { Observer } from './observer.ts';
import { MovedLeases } from './moved-leases.ts';
import { Mover } from './mover.ts';
import { MakeDataKey } from './make-data-key.ts';
import { Moves, PLATFORM } from './moves.ts';
import { ensurePlatformKey } from './platform-key.ts';
import { Probe } from './probe.ts';
import { Pruner } from './pruner.ts';
import { Reencryption } from './reencryption.ts';
import { ReportUses } from './report-uses.ts';
import { Reporters } from './reporters.ts';
import { ResolveDataKey } from './resolve-data-key.ts';
import { Revocations } from './revocations.ts';
import { StatusProbe } from './status-probe.ts';
import { Tallies } from './tallies.ts';
import { UnfinishedWork } from './unfinished-work.ts';
import { UseGaps } from './use-gaps.ts';

/** What the use cases stand on. */
export interface KeyServicesOptions {
  readonly store: Store;
  readonly providers: Readonly<Record<ProviderName, KmsProvider>>;
  readonly clock: Clock;
  readonly observer: Observer;
  readonly catalogue: Catalogue;
  readonly settings: KmsCallsOptions['settings'] & {
    /** The platform key, then its replicas. */
    readonly platformKey: readonly string[];
    readonly leaseMs: number;
    readonly cacheEntries: number;
    readonly probeIntervalMs: number;
    /** Data keys a second for each move. */
    readonly moveRate: number;
    readonly troubleIntervalMs: number;
  };
}

/** The use cases, and the background work that they need, begun. */
export interface KeyServices {
  readonly issueDataKey: IssueDataKey;
  readonly resolveDataKey: ResolveDataKey;
  readonly describeAsset: DescribeAsset;
  readonly reportUses: ReportUses;
  readonly reencryption: Reencryption;
  readonly enrolKey: EnrolKey;
  readonly administration: Administration;
  readonly ledgerReading: LedgerReading;
  readonly coverageChanges: CoverageChanges;
  readonly moves: Moves;
  readonly mover: Mover;
  readonly keyLife: KeyLife;
  readonly changeKey: ChangeKey;
  readonly blastRadius: BlastRadiusOptions;
  readonly statuses: KeyStatuses;
  readonly statusProbe: StatusProbe;
  readonly tallies: Tallies;
  readonly kmsCalls: KmsCalls;
  readonly fallbackSettings: FallbackSettings;
  readonly leaseSettings: LeaseSettings;
  readonly fallbackRecovery: FallbackRecovery;
  readonly leasedKeys: LeasedKeys;
  readonly revocations: Revocations;
  readonly probe: Probe;
  readonly useGaps: UseGaps;
  readonly unfinishedWork: UnfinishedWork;
  readonly ledger: Ledger;
  /** Ends the background work, writes what is still to be written, and forgets every data key. */
  close(): Promise<void>;
}

/** @throws CmkError CONFIG_INVALID when the platform key does not pass its verification; STORE_UNAVAILABLE */
export async function startKeyServices(options: KeyServicesOptions): Promise<KeyServices> {
  const { store, providers, clock, observer, catalogue, settings } = options;
  const { leaseMs, cacheEntries: maxEntries } = settings;
  const writer = new AuditWriter({ store, onFailure: (error) => observer.auditWriteFailed(error) });
  const ledger = new Ledger({ writer, clock, observer });
  const statuses = new KeyStatuses({ store, ledger, clock, observer });
  const onOutcome = statuses.observe.bind(statuses);
  const tallies = new Tallies({ store, clock, observer });
  const count = tallies.count.bind(tallies);
  const kms = new KmsCalls({ providers, clock, observer, settings, onOutcome, count });
  const enrolKey = new EnrolKey({ store, kms, statuses, ledger, clock });
  const platformKek = await ensurePlatformKey({ store, enrolKey }, 'aws', settings.platformKey);

  const movedLeases = new MovedLeases({ store, clock });
  const revocations = new Revocations({ store, clock, observer, movedLeases });
  const health = new KeyHealth({ kms, revocations, ledger, clock, observer });
  const leased = { kms, store, health, revocations, clock, observer, leaseMs, maxEntries };
  const leasedKeys = new LeasedKeys(leased);
  const { probeIntervalMs: intervalMs, troubleIntervalMs } = settings;
  const troubled = { store, kms, statuses, clock, observer, intervalMs: troubleIntervalMs };
  const statusProbe = new StatusProbe(troubled);
  const probes = { leasedKeys, movedLeases, health, statusProbe, store, clock, observer, intervalMs };
  const probe = new Probe(probes);
  const access = new Access({ catalogue, ledger });
  const reporters = new Reporters({ store, clock });
  const useGaps = new UseGaps({ store, ledger, clock, observer });
  const mover = new Mover({ store, kms, health, ledger, clock, observer, settings });
  await revocations.start();
  probe.start();
  useGaps.start();
  mover.start();
  statuses.start();
  statusProbe.start();
  tallies.start();
  const moves = new Moves({ store, ledger, clock, platformKek });
  const startRecovery: StartRecovery = async ({ account }, kek) => {
    const selection = { kekIds: [PLATFORM], protections: ['FALLBACK_KEY'] } as const;
    await moves.start('broker', { account, kind: 'RECOVER', selection, target: kek.id });
  };
  const fallbackRecovery = new FallbackRecovery({ store, kms, ledger, clock, observer, startRecovery });
  fallbackRecovery.start();
  const pruner = new Pruner({ chores: store.chores, clock, observer });
  pruner.start();
  const unfinishedWork = new UnfinishedWork({ attention: store.attention, clock, observer });
  unfinishedWork.start();
  const made = { store, kms, health, leasedKeys, ledger, clock, observer, platformKek };
  const makeDataKey = new MakeDataKey(made);
  return {
    issueDataKey: new IssueDataKey({ access, store, makeDataKey, leasedKeys, ledger, reporters, clock }),
    resolveDataKey: new ResolveDataKey({ access, store, leasedKeys, ledger, reporters, clock }),
    reportUses: new ReportUses({ store, ledger, clock }),
    reencryption: new Reencryption({ access, store, ledger, clock, leaseMs }),
    describeAsset: new DescribeAsset({ access, store }),
    enrolKey,
    ledgerReading: new LedgerReading(store),
    administration: new Administration({ store, ledger, revocations, catalogue, clock }),
    coverageChanges: new CoverageChanges({ store, ledger, clock, catalogue, platformKek }),
    moves,
    mover,
    keyLife: new KeyLife({ store, revocations, ledger, clock }),
    changeKey: new ChangeKey({ store, kms, statuses, ledger, clock }),
    blastRadius: { store, leasedKeys, leaseMs },
    statuses,
    statusProbe,
    tallies,
    kmsCalls: kms,
    fallbackSettings: new FallbackSettings({ store, ledger, catalogue }),
    leaseSettings: new LeaseSettings({ store, ledger, catalogue }),
    fallbackRecovery,
    leasedKeys,
    revocations,
    probe,
    useGaps,
    unfinishedWork,
    ledger,
    async close() {
      kms.close();
      const background = [probe, statusProbe, mover, useGaps, fallbackRecovery, pruner, unfinishedWork];
      await Promise.all(background.map((each) => each.stop()));
      revocations.stop();
      await health.settled();
      await statuses.stop();
      await writer.close();
      await tallies.stop();
      leasedKeys.clear();
    },
  };
}
