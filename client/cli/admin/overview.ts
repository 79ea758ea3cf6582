import type { Command } from 'commander';
import type { Io } from '../io.ts';
import { ACCOUNT, addCommand } from './command.ts';
import { at, type AccountOptions } from './desk.ts';
import { keysInText, type Key } from './key-view.ts';
import { PROTECTION_WORDS } from './protection.ts';
import { count, fields, inWords, table, time } from './text.ts';

interface Overview {
  readonly at: number;
  readonly account: { readonly id: string; readonly name: string; readonly licence: string };
  readonly protection: readonly {
    readonly srvId: string;
    readonly type: string;
    readonly protection: string;
    readonly assets: number;
    readonly dataKeys: number;
  }[];
  readonly keys: readonly Key[];
  readonly fallback: {
    readonly episode: { readonly startedAt: number; readonly endsAt: number | null } | null;
  };
  readonly moves: readonly object[];
  readonly reencryption: { readonly dataKeys: number };
  readonly refusals: {
    readonly causes: readonly {
      readonly outcome: string;
      readonly cause: string | null;
      readonly count: number;
    }[];
  };
  readonly attention: readonly (Readonly<Record<string, string | number | null>> & {
    readonly level: string;
    readonly code: string;
  })[];
}

const LEVEL_WORDS = { URGENT: 'urgent', WARNING: 'soon', SET_UP: 'to be set up' };
const ATTENTION_WORDS = {
  KEY_FAILED: 'a key cannot be used',
  KEY_DEGRADED: 'a key works only some of the time',
  FALLBACK_ACTIVE: 'the provider’s key stands in',
  FALLBACK_EXHAUSTED: 'the provider’s key may stand in no more: new assets are refused',
  MOVE_WAITING: 'a move waits',
  MOVE_FAILURES: 'a move cannot move some data keys',
  MOVE_PAUSED: 'a move is paused',
  RETIRED_KEY_PROTECTS: 'a retired key still protects data: it does not open',
  REENCRYPTION_BACKLOG: 'data keys wait to be replaced',
  CALLS_REFUSED: 'services were refused within a day',
  USES_UNKNOWN: 'some uses of data keys are not known',
  ALERTS_NOT_DELIVERED: 'alerts do not get through',
  NO_KEY: 'no key is in use',
  NOTHING_ENROLLED: 'no asset type is enrolled',
  NO_CONTACTS: 'nobody is told when a key fails',
};

/** `cmk admin overview`. */
export function addOverview(admin: Command, io: Io): void {
  const overview = {
    usage: 'overview',
    does: 'Show how an account stands, and what needs somebody.',
    options: [ACCOUNT],
    help: HELP,
  };
  addCommand<AccountOptions>(admin, io, overview, async (desk, { account }) => {
    await desk.tell(await desk.get<{ overview: Overview }>(at`/v1/accounts/${account}/overview`), inText);
  });
}

function inText({ overview }: { overview: Overview }): string {
  return [
    fields(factsOf(overview)),
    attentionInText(overview),
    protectionInText(overview),
    keysInText(overview),
    refusalsInText(overview),
  ].join('\n');
}

function factsOf({ at: when, account, fallback, moves, reencryption }: Overview): [string, string][] {
  const { episode } = fallback;
  const end = episode?.endsAt == null ? 'without end' : `until ${time(episode.endsAt)} at the latest`;
  return [
    ['account', `${account.id}, ${account.name}`],
    ['at', time(when)],
    ['fallback', episode ? `in force since ${time(episode.startedAt)}, ${end}` : 'not in force'],
    ['moves', moves.length === 0 ? 'none under way' : `${count(moves.length, 'move')} under way`],
    ['to replace', count(reencryption.dataKeys, 'data key')],
  ];
}

function attentionInText({ attention }: Overview): string {
  const rows = attention.map(({ level, code, ...facts }) => [
    inWords(LEVEL_WORDS, level),
    inWords(ATTENTION_WORDS, code),
    ['reference', 'moveId', 'cause', 'count', 'recipients', 'gaps', 'left']
      .flatMap((name) => (facts[name] == null ? [] : [`${name} ${facts[name]}`]))
      .join(', '),
  ]);
  return table(['needs somebody', 'what', 'about'], rows, 'nothing needs anybody');
}

function protectionInText({ protection }: Overview): string {
  const rows = protection.map((each) => [
    each.srvId,
    each.type,
    inWords(PROTECTION_WORDS, each.protection),
    String(each.assets),
    String(each.dataKeys),
  ]);
  return table(['service', 'asset type', 'protected by', 'assets', 'data keys'], rows, 'no assets');
}

function refusalsInText({ refusals }: Overview): string {
  const rows = refusals.causes.map(({ outcome, cause, count: number }) => [
    String(number),
    outcome === 'REFUSED' ? 'refused' : 'failed',
    cause ?? '',
  ]);
  return table(['in a day', 'calls', 'cause'], rows, 'no call was refused or failed within a day');
}

const HELP = `Examples:
  cmk admin overview --account acme
  cmk admin overview --account acme --json | jq -e '[.overview.attention[] | select(.level == "URGENT")] == []'`;
