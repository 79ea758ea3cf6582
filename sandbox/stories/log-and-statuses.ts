import type { Asset } from '../../client/index.ts';
import { isContextOf } from '../../core/encryption-context.ts';
import type { AdminClient, KeyView } from '../admin-client.ts';
import type { Customer, KeyUse } from '../customers/customer.ts';
import { fact, quote } from '../terminal.ts';
import { ACCOUNT } from './enrolment.ts';

type Status = KeyView['statuses'][number];

/** What two parties know about one key. */
export interface Sides {
  readonly admin: AdminClient;
  readonly customer: Customer;
  readonly log: LogReading;
  /** Of the customer's key in this KMS. */
  readonly references: readonly string[];
}

/** The customer's log from a moment on. */
export class LogReading {
  readonly #customer: Customer;
  readonly #known: number;

  private constructor(customer: Customer, known: number) {
    this.#customer = customer;
    this.#known = known;
  }

  static async start(customer: Customer): Promise<LogReading> {
    return new LogReading(customer, (await customer.keyUses()).length);
  }

  async uses(): Promise<readonly KeyUse[]> {
    return (await this.#customer.keyUses()).slice(this.#known);
  }

  /** Operations that the KMS allowed for one asset. */
  async allowedIn(place: string, asset: Asset): Promise<readonly string[]> {
    const uses = await this.uses();
    const own = uses.filter(({ context }) => context !== null && isContextOf(context, asset));
    return own.filter((use) => use.place === place && use.refusal === null).map(({ operation }) => operation);
  }
}

/** As the broker says; `UNKNOWN` for what it has never used. */
export async function statusOf(admin: AdminClient, reference: string, use: Status['use']): Promise<string> {
  const statuses = (await admin.keys(ACCOUNT)).flatMap((key) => key.statuses);
  return statuses.find((each) => each.reference === reference && each.use === use)?.status ?? 'UNKNOWN';
}

/** Prints them beside each other: the broker's statuses, the customer's own log. */
export async function showSides({ admin, customer, log, references }: Sides): Promise<void> {
  const uses = await log.uses();
  const statuses = (await admin.keys(ACCOUNT)).flatMap((key) => key.statuses);
  fact('The broker’s statuses, and beside them what Acme’s own log has since the step began:');
  for (const reference of references) {
    const place = customer.placeOf(reference);
    const own = statuses.filter((each) => each.reference === reference);
    const left = [place, ...own.map(inWords)];
    const right = counted(uses.filter((each) => each.place === place));
    for (let row = 0; row < Math.max(left.length, right.length); row++) {
      quote(`${(left[row] ?? '').padEnd(40)}│ ${right[row] ?? ''}`.trimEnd());
    }
  }
}

function inWords({ use, status, cause }: Status): string {
  return `  ${use.toLowerCase()} ${status}${cause === null ? '' : ` (${cause})`}`;
}

/** How often each operation was allowed or refused. */
function counted(uses: readonly KeyUse[]): string[] {
  const counts = new Map<string, number>();
  for (const { operation, refusal } of uses) {
    const what = `${operation} ${refusal ?? 'allowed'}`;
    counts.set(what, (counts.get(what) ?? 0) + 1);
  }
  return [...counts].map(([what, count]) => `${count} × ${what}`);
}
