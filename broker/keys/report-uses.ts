import { checkAsset, checkIdentifier, type Asset } from '../../core/asset.ts';
import { CmkError } from '../../core/errors.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { AuditEvent, Reason, UseOperation, UseReport } from '../model/types.ts';
import { isUuid } from '../model/uuid.ts';
import { authorize, type Caller } from '../policy/authorize.ts';
import type { Store } from '../store/store.ts';
import { checkReason } from './access.ts';
import type { Ledger } from './ledger.ts';
import { checkInstance } from './reporters.ts';

/** A report as it came, unchecked. */
export interface UsesRequest {
  readonly instanceId: string;
  readonly sequence: number;
  readonly uses: readonly (UsesSpan & {
    readonly asset: Partial<Asset> | null;
    readonly dataKeyId: string;
    readonly reason: Reason | null;
    readonly operation: UseOperation | null;
  })[];
  readonly lost: readonly (UsesSpan & { readonly account: string; readonly srvId: string })[];
  readonly ageMs: number;
  readonly complete: boolean;
  readonly intervalMs: number;
  readonly final: boolean;
}

interface UsesSpan {
  readonly count: number;
  readonly firstAt: number;
  readonly lastAt: number;
}

type Use = ReturnType<typeof checkUse>;
type Lost = ReturnType<typeof checkLost>;

const MAX_ITEMS = 100;
const MAX_INTERVAL_MS = 300_000;
/** A process that missed so many reports counts as gone. */
const MISSED_REPORTS = 4;

/** Writes down which data keys a sidecar used from its cache. */
export class ReportUses {
  readonly #options: ReportUsesOptions;

  constructor(options: ReportUsesOptions) {
    this.#options = options;
  }

  /** Idempotent. @throws CmkError NOT_AUTHORIZED, INVALID_ARGUMENT, STORE_UNAVAILABLE */
  async run(caller: Caller, request: UsesRequest): Promise<void> {
    const { store } = this.#options;
    await this.#checkServices(caller, request);
    const report = this.#checkReport(caller, request);
    const uses = request.uses.map(checkUse);
    const lost = request.lost.map(checkLost);
    const kekIds = await store.kekIdsOf(uses);
    const accounts = await this.#known(lost);
    await store.recordUses(report, (before) => [
      ...this.#missing(report, before),
      ...uses.map((use, index) => this.#used(report, use, kekIds[index] ?? null)),
      ...lost.map((each) => this.#lost(report, each, accounts.has(each.account))),
    ]);
  }

  async #checkServices(caller: Caller, { uses, lost }: UsesRequest): Promise<void> {
    for (const srvId of [...uses.map(({ asset }) => asset?.srvId ?? ''), ...lost.map((each) => each.srvId)]) {
      const denial = authorize(caller, srvId);
      if (!denial) continue;
      const attempt = {
        action: 'USE',
        actor: caller.spiffeId,
        asset: null,
        reason: null,
        dataKeyId: null,
      } as const;
      const detail = `reports uses for ${JSON.stringify(srvId.slice(0, 20))}`;
      throw await this.#options.ledger.refuse(attempt, denial, detail);
    }
  }

  #checkReport({ spiffeId }: Caller, request: UsesRequest): UseReport {
    const { sequence, ageMs, intervalMs, complete, final } = request;
    const instance = checkInstance(request.instanceId);
    checkNumber('sequence', sequence, 1);
    checkNumber('interval_ms', intervalMs, 1, MAX_INTERVAL_MS);
    checkNumber('uses', request.uses.length, 0, MAX_ITEMS);
    checkNumber('lost', request.lost.length, 0, MAX_ITEMS);
    const heardAt = Math.trunc(this.#options.clock.wallMs());
    const coveredUntil = complete ? heardAt - ageMs : null;
    return {
      instance,
      spiffeId,
      sequence,
      heardAt,
      coveredUntil,
      patienceMs: MISSED_REPORTS * intervalMs,
      final,
    };
  }

  /** Who lost uses may name accounts that there are not: those get no ledger. */
  async #known(lost: readonly Lost[]): Promise<Set<string>> {
    const known = new Set<string>();
    for (const account of new Set(lost.map((each) => each.account))) {
      if (account !== '' && (await this.#options.store.findAccount(account))) known.add(account);
    }
    return known;
  }

  #used(report: UseReport, use: Use, kekId: string | null): AuditEvent {
    const { asset, dataKeyId, reason, operation, count, from, until } = use;
    const facts = { asset, dataKeyId, reason, operation, count, from, until, kekId };
    // Nobody's ledger is written to on the mere word of another: the data key must be the asset's.
    const verdict =
      kekId === null
        ? { account: null, outcome: 'REFUSED', detail: 'DATA_KEY_UNKNOWN: the asset has no such data key' }
        : { account: asset.account, outcome: 'ALLOWED', detail: nameOf(report) };
    return this.#event(report, 'USE', { ...facts, ...verdict } as Partial<AuditEvent>);
  }

  #lost(report: UseReport, { account, srvId, count, from, until }: Lost, known: boolean): AuditEvent {
    const detail = `${nameOf(report)} could not keep which data keys of service ${srvId} it used`;
    return this.#event(report, 'GAP', { account: known ? account : null, count, from, until, detail });
  }

  #missing(report: UseReport, before: number): AuditEvent[] {
    if (report.sequence === before + 1) return [];
    const detail = `${nameOf(report)}: the one before it that is known is ${before}`;
    return [this.#event(report, 'GAP', { detail })];
  }

  #event({ spiffeId }: UseReport, action: 'USE' | 'GAP', facts: Partial<AuditEvent>): AuditEvent {
    const { ledger } = this.#options;
    return ledger.event({ action, outcome: 'FAILED', actor: spiffeId, source: 'SIDECAR_CACHE', ...facts });
  }
}

function nameOf({ instance, sequence }: UseReport): string {
  return `instance ${instance}, report ${sequence}`;
}

function checkUse(use: UsesRequest['uses'][number]) {
  const { dataKeyId, operation } = use;
  if (!isUuid(dataKeyId)) throw invalid('data_key_id', 'a UUID', 'another text');
  if (!operation) throw invalid('operation', 'SEAL or OPEN', 'nothing');
  const asset = checkAsset(use.asset);
  return { asset, dataKeyId, operation, reason: checkReason(use.reason), ...checkSpan(use) };
}

function checkLost(lost: UsesRequest['lost'][number]) {
  const account = lost.account === '' ? '' : checkIdentifier('account', lost.account);
  return { account, srvId: lost.srvId, ...checkSpan(lost) };
}

function checkSpan({ count, firstAt, lastAt }: UsesSpan): { count: number; from: number; until: number } {
  checkNumber('count', count, 1);
  checkNumber('first_at', firstAt, 0);
  checkNumber('last_at', lastAt, firstAt);
  return { count, from: firstAt, until: lastAt };
}

function checkNumber(field: string, value: number, least: number, most = Number.MAX_SAFE_INTEGER): void {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return;
  throw invalid(field, `a whole number from ${least} to ${most}`, String(value));
}

function invalid(field: string, expected: string, actual: string): CmkError {
  return new CmkError('INVALID_ARGUMENT', `${field}: expected ${expected}, got ${actual}`, {
    metadata: { field },
  });
}

interface ReportUsesOptions {
  readonly store: Pick<Store, 'kekIdsOf' | 'findAccount' | 'recordUses'>;
  readonly ledger: Ledger;
  readonly clock: Clock;
}
