import type { Command } from 'commander';
import type { Io } from '../io.ts';
import { ACCOUNT, addCommand, addSubject, pageOptions } from './command.ts';
import { at, type AccountOptions, type PageOptions } from './desk.ts';
import { STATUS_WORDS, USE_WORDS } from './key-view.ts';
import { causeInWords, count, inWords, table, time } from './text.ts';

interface Alert {
  readonly at: number;
  readonly facts: Facts;
  readonly deliveries: readonly { readonly state: string; readonly problem: string | null }[];
}

/** What may be in the facts of any kind. */
interface Facts {
  readonly kind: string;
  readonly reference?: string;
  readonly use?: string;
  readonly from?: string | null;
  readonly to?: string | null;
  readonly cause?: string | null;
  readonly dataKeys?: number;
  readonly outcome?: string;
  readonly moved?: number;
  readonly left?: number;
}

const DELIVERY_WORDS = {
  PENDING: 'on the way',
  DELIVERED: 'delivered',
  FAILED: 'given up',
  NOT_CONFIGURED: 'not configured',
};

/** `cmk admin alerts …`. */
export function addAlerts(admin: Command, io: Io): void {
  const alerts = addSubject(admin, 'alerts', 'What an account’s contacts were told.');
  const list = {
    usage: 'list',
    does: 'List alerts, newest first, and what became of their delivery.',
    options: [ACCOUNT, ...pageOptions('alerts')],
    help: HELP,
  };
  addCommand<AccountOptions & PageOptions>(alerts, io, list, async (desk, { account, ...page }) => {
    await desk.tellPage<'alerts', Alert>(at`/v1/accounts/${account}/alerts`, page, inText);
  });
  const test = {
    usage: 'test',
    does: 'Tell all contacts and webhooks something that did not happen, to see that it arrives.',
    options: [ACCOUNT],
    help: TEST_HELP,
  };
  addCommand<AccountOptions>(alerts, io, test, async (desk, { account }) => {
    const answer = await desk.send<{ alert: Alert }>('POST', at`/v1/accounts/${account}/alerts/test`);
    await desk.tell(answer, ({ alert }) => inText({ alerts: [alert] }));
  });
}

function inText({ alerts }: { alerts: readonly Alert[] }): string {
  const rows = alerts.map(({ at: when, facts, deliveries }) => [
    time(when),
    deliveriesInText(deliveries.map(({ state }) => state)),
    [eventInText(facts), ...problemsIn(deliveries)].join('; '),
  ]);
  return table(['time', 'told', 'what happened'], rows, 'no alerts');
}

function problemsIn(deliveries: Alert['deliveries']): string[] {
  return [...new Set(deliveries.map(({ problem }) => problem))].filter((problem) => problem !== null);
}

function deliveriesInText(states: readonly string[]): string {
  const parts = Object.keys(DELIVERY_WORDS).flatMap((state) => {
    const number = states.filter((each) => each === state).length;
    return number === 0 ? [] : [`${number} ${inWords(DELIVERY_WORDS, state)}`];
  });
  return parts.length === 0 ? 'nobody' : parts.join(', ');
}

function eventInText(facts: Facts): string {
  const { kind, reference = '', use = '', cause } = facts;
  const [from, to] = [facts.from ?? 'the provider’s key', facts.to ?? 'the provider’s key'];
  const why = typeof cause === 'string' ? `: ${causeInWords(cause)}` : '';
  switch (kind) {
    case 'KEY_STATUS':
      return `${reference} ${inWords(USE_WORDS, use)}: ${inWords(STATUS_WORDS, to)}, before: ${inWords(STATUS_WORDS, from)}${why}`;
    case 'KEY_LIFECYCLE':
      return `${reference} was ${from}, is ${to}`;
    case 'FALLBACK_STARTED':
      return `fallback began, as ${reference} cannot be used${why}`;
    case 'FALLBACK_ENDED':
      return `fallback ended, as ${reference} works; ${count(facts.dataKeys ?? 0, 'data key')} made meanwhile`;
    case 'MOVE_ENDED':
      return `move from ${from} to ${to} ended ${facts.outcome ?? ''}: ${facts.moved ?? 0} moved, ${facts.left ?? 0} left`;
    case 'TEST':
      return 'a test: nothing happened';
    default:
      return `${kind} ${reference}`;
  }
}

const HELP = `Examples:
  cmk admin alerts list --account acme --limit 20`;

const TEST_HELP = `At most once in 30 seconds for an account. "cmk admin alerts list" shows what became of it.

Examples:
  cmk admin alerts test --account acme`;
