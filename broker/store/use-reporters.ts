import type { Knex } from 'knex';
import { CmkError } from '../../core/errors.ts';
import type { Reporter, ReporterLease, SilentReporter, UseReport } from '../model/types.ts';
import { readRows } from './database.ts';
import { Row } from './row.ts';

/**
 * `LIVE`: owes reports. `GAP`: was silent for too long, which the ledger tells. `ENDED`: has sent its last report,
 * or has none to send. The rows stay for a while, so that a report which comes twice is known.
 */
type State = 'LIVE' | 'GAP' | 'ENDED';

/**
 * Notes that a process holds data keys. Idempotent; times never go back.
 * @throws CmkError CONFLICT when the process is another identity's
 */
export async function noteLease(
  db: Knex,
  reporter: Reporter & { readonly heardAt: number; readonly patienceMs: number },
  { account, srvId, until }: ReporterLease,
): Promise<void> {
  const { instance, heardAt } = reporter;
  const rows: unknown[] = await db('use_reporters')
    .insert({ ...toColumns(reporter), covered_until: heardAt, report_sequence: 0, state: live() })
    .onConflict('instance')
    .merge({ state: live(), heard_at: greatest(db, 'use_reporters.heard_at', heardAt) })
    .returning('spiffe_id');
  checkIdentity(rows[0], reporter);
  await db('use_reporter_leases')
    .insert({ instance, account, srv_id: srvId, leased_until: until })
    .onConflict(['instance', 'account', 'srv_id'])
    .merge({ leased_until: greatest(db, 'use_reporter_leases.leased_until', until) });
}

/**
 * Takes a report's number; its process stays locked until the transaction ends.
 * @returns the number of the report before; null when this one, or a later one, was taken already
 * @throws CmkError CONFLICT when the process is another identity's
 */
export async function takeReport(db: Knex, report: UseReport): Promise<number | null> {
  const { instance, heardAt, sequence, final } = report;
  const rows: unknown[] = await db('use_reporters')
    .insert({
      ...toColumns(report),
      covered_until: report.coveredUntil ?? heardAt,
      report_sequence: 0,
      state: live(),
    })
    .onConflict('instance')
    .merge({ heard_at: greatest(db, 'use_reporters.heard_at', heardAt), patience_ms: report.patienceMs })
    .returning(['spiffe_id', 'report_sequence']);
  checkIdentity(rows[0], report);
  const before = new Row('use_reporters', rows[0]).integer('report_sequence');
  // A repetition may be the last report where the first try was not.
  if (sequence < before || (sequence === before && !final)) return null;
  const state: State = final ? 'ENDED' : 'LIVE';
  await db('use_reporters')
    .where({ instance })
    .update({
      report_sequence: sequence,
      covered_until: greatest(db, 'covered_until', report.coveredUntil ?? 0),
      state,
    });
  if (report.coveredUntil !== null) await forgetLeases(db, instance, report.coveredUntil);
  return sequence > before ? before : null;
}

/** Somebody else's sign of life would hide the silence of a process. */
function checkIdentity(stored: unknown, { spiffeId }: Pick<Reporter, 'spiffeId'>): void {
  if (new Row('use_reporters', stored).text('spiffe_id') === spiffeId) return;
  throw new CmkError('CONFLICT', 'another identity reports as this instance');
}

/** All uses of what was over by then are known: a process that runs for months leaves no row for each account it met. */
async function forgetLeases(db: Knex, instance: string, coveredUntil: number): Promise<void> {
  await db('use_reporter_leases').where({ instance }).where('leased_until', '<=', coveredUntil).delete();
}

/** Those that have been silent for too long, with the leases of which not all uses are known. */
export async function silentReporters(
  db: Knex,
  nowMs: number,
  watchedForMs: number,
  limit: number,
): Promise<SilentReporter[]> {
  const query = db('use_reporters')
    .where({ state: live() })
    .where('patience_ms', '<=', watchedForMs)
    .whereRaw('heard_at + patience_ms < ?', [nowMs])
    .orderBy('heard_at')
    .limit(limit);
  const silent: SilentReporter[] = [];
  for (const row of await readRows('use_reporters', query)) {
    const instance = row.text('instance');
    const coveredUntil = row.integer('covered_until');
    silent.push({
      instance,
      spiffeId: row.text('spiffe_id'),
      heardAt: row.integer('heard_at'),
      coveredUntil,
      leases: await leasesAfter(db, instance, coveredUntil),
    });
  }
  return silent;
}

async function leasesAfter(db: Knex, instance: string, after: number): Promise<ReporterLease[]> {
  const query = db('use_reporter_leases')
    .where({ instance })
    .where('leased_until', '>', after)
    .orderBy(['account', 'srv_id']);
  return (await readRows('use_reporter_leases', query)).map((row) => ({
    account: row.text('account'),
    srvId: row.text('srv_id'),
    until: row.integer('leased_until'),
  }));
}

/**
 * Ends a silence: nobody else finds it any more.
 * @returns false when somebody else was first, or the process was heard of meanwhile
 */
export async function endSilence(db: Knex, { instance, heardAt, leases }: SilentReporter): Promise<boolean> {
  const state: State = leases.length > 0 ? 'GAP' : 'ENDED';
  const until = leases.map((lease) => lease.until);
  const changed = await db('use_reporters')
    .where({ instance, heard_at: heardAt, state: live() })
    .update({ state, ...(until.length > 0 && { covered_until: Math.max(...until) }) });
  return changed === 1;
}

/** Forgets processes that have been gone since before this time. */
export async function forgetReporters(db: Knex, beforeMs: number): Promise<void> {
  const gone = db('use_reporters').whereNot({ state: live() }).where('heard_at', '<', beforeMs);
  await db('use_reporter_leases').whereIn('instance', gone.clone().select('instance')).delete();
  await gone.delete();
}

function toColumns(reporter: Reporter & { readonly heardAt: number; readonly patienceMs: number }) {
  return {
    instance: reporter.instance,
    spiffe_id: reporter.spiffeId,
    heard_at: reporter.heardAt,
    patience_ms: reporter.patienceMs,
  };
}

function live(): State {
  return 'LIVE';
}

/** The greater of a column and a number, on every database. */
function greatest(db: Knex, column: string, value: number): Knex.Raw {
  return db.raw('case when ?? > ? then ?? else ? end', [column, value, column, value]);
}
