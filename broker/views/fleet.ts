import type { Clock } from '../../runtime/clock.ts';
import type { Attention } from '../model/attention.ts';
import type { Catalogue, Service } from '../model/catalogue.ts';
import { BROKER_BEAT_MS, type BrokerProcess, type SidecarProcess } from '../model/processes.ts';
import type { Account } from '../model/types.ts';
import { needsAttention } from '../policy/attention.ts';
import type { Store } from '../store/store.ts';
import { lastDay } from './hours.ts';

/** UP: heard of as often as it should be. */
export interface BrokerView extends BrokerProcess {
  readonly state: 'UP' | 'SILENT';
}

/** A service of the catalogue, and its sidecars that were lent data keys within the last day. */
export interface ServiceView extends Service {
  /** Paths of the SPIFFE ids that may act for it. */
  readonly callers: readonly string[];
  readonly sidecars: { readonly live: number; readonly gap: number; readonly ended: number };
}

/** UNIX milliseconds. */
export interface Fleet {
  readonly at: number;
  readonly brokers: readonly BrokerView[];
  readonly services: readonly ServiceView[];
}

/** An account, and what needs attention there, the most urgent first. */
export interface AccountHealth {
  readonly account: Account;
  readonly attention: readonly Attention[];
}

/** What the provider's operators watch: brokers, sidecars, services, and all accounts. */
export class Fleets {
  readonly #options: FleetOptions;

  constructor(options: FleetOptions) {
    this.#options = options;
  }

  /** @throws CmkError STORE_UNAVAILABLE */
  async now(): Promise<Fleet> {
    const { store, clock, catalogue } = this.#options;
    const at = Math.trunc(clock.wallMs());
    const brokers = await store.processes.brokers();
    const counts = await store.processes.countSidecars();
    return {
      at,
      brokers: brokers.map((broker) => ({
        ...broker,
        state: at - broker.heardAt <= 3 * BROKER_BEAT_MS ? 'UP' : 'SILENT',
      })),
      services: catalogue.services.map((service) => {
        const countOf = (state: string) =>
          counts.find((each) => each.srvId === service.srvId && each.state === state)?.count ?? 0;
        const sidecars = { live: countOf('LIVE'), gap: countOf('GAP'), ended: countOf('ENDED') };
        return { ...service, callers: callersOf(catalogue, service.srvId), sidecars };
      }),
    };
  }

  /** In order of instance. @throws CmkError STORE_UNAVAILABLE */
  sidecars(after: string | null, limit: number): Promise<SidecarProcess[]> {
    return this.#options.store.processes.sidecars(after, limit);
  }

  /** In order of id. @throws CmkError STORE_UNAVAILABLE */
  async accounts(after: string | null, limit: number): Promise<AccountHealth[]> {
    const { store, clock } = this.#options;
    const nowMs = clock.wallMs();
    const accounts = await store.listAccounts(after, limit);
    const ids = accounts.map(({ id }) => id);
    const facts = await store.attention.facts(ids, lastDay(nowMs).fromHour);
    return accounts.map((account) => {
      const known = facts.get(account.id);
      return { account, attention: known ? needsAttention(known, nowMs) : [] };
    });
  }
}

function callersOf({ callers }: Catalogue, srvId: string): string[] {
  return Object.entries(callers)
    .filter(([, srvIds]) => srvIds.includes(srvId))
    .map(([path]) => path);
}

interface FleetOptions {
  readonly store: Pick<Store, 'processes' | 'listAccounts' | 'attention'>;
  readonly clock: Clock;
  readonly catalogue: Catalogue;
}
