import { Option, type Command } from 'commander';
import { CmkError } from '../../../core/errors.ts';
import type { Io } from '../io.ts';
import { ACCOUNT, addCommand, addSubject, choice, pageOptions, meant, YES } from './command.ts';
import { confirm } from './confirm.ts';
import { at, queryOf, type AccountOptions, type Desk, type PageOptions } from './desk.ts';
import { causeInWords, count, fields, inWords, table, time } from './text.ts';

interface Policy {
  readonly mode: string;
  readonly maxHours: number | null;
  readonly maxAssets: number | null;
}

interface Episode {
  readonly kekId: string;
  readonly cause: string;
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly assets: number;
  readonly probes: number;
  readonly nextProbeAt: number;
}

interface Wish {
  readonly srvId: string;
  readonly type: string;
  readonly wish: string;
}

interface SetOptions extends AccountOptions {
  readonly mode?: string;
  readonly maxHours?: string;
  readonly maxAssets?: string;
  readonly yes?: string;
}

const MODES = ['OFF', 'OUTAGE', 'ANY'] as const;
const MODE_WORDS = {
  OFF: 'off: when the key cannot be used, new assets are refused',
  OUTAGE: 'outage: when the KMS cannot be reached, the provider’s key protects new assets',
  ANY: 'any: whenever the key cannot be used, the provider’s key protects new assets',
};
const WISHES = ['FAIL_ASSET', 'DROP_SESSION'] as const;
const WISH_WORDS = { FAIL_ASSET: 'the asset is not stored', DROP_SESSION: 'the session is ended' };

/** `cmk admin fallback …`. */
export function addFallback(admin: Command, io: Io): void {
  const fallback = addSubject(
    admin,
    'fallback',
    'What happens when an account’s key cannot be used, and has happened.',
  );
  const show = { usage: 'show', does: 'Show what the account wants.', options: [ACCOUNT], help: SHOW_HELP };
  addCommand<AccountOptions>(fallback, io, show, async (desk, { account }) => {
    await desk.tell(await desk.get<Policy>(at`/v1/accounts/${account}/fallback`), policyInText);
  });
  const set = {
    usage: 'set',
    does: 'Change what the account wants. What is not given stays as it is.',
    options: [
      ACCOUNT,
      choice('--mode <when>', 'when the provider’s key stands in', MODES),
      new Option('--max-hours <number>', 'for so long at a time, or "none"'),
      new Option('--max-assets <number>', 'for so many new assets at a time, or "none"'),
      YES,
    ],
    help: SET_HELP,
  };
  addCommand<SetOptions>(fallback, io, set, setPolicy);
  const episodes = {
    usage: 'episodes',
    does: 'List the times in which the provider’s key stood in, newest first.',
    options: [ACCOUNT, ...pageOptions('episodes')],
    help: EPISODES_HELP,
  };
  addCommand<AccountOptions & PageOptions>(fallback, io, episodes, async (desk, { account, ...page }) => {
    await desk.tellPage(episodesAt(account), page, episodesInText);
  });
  const onFailure = {
    usage: 'on-failure [service] [type] [wish]',
    does: 'Show what is to happen to an asset type when no key works, or set it: fail-asset or drop-session.',
    options: [ACCOUNT],
    help: ON_FAILURE_HELP,
  };
  addCommand<AccountOptions>(fallback, io, onFailure, setWish);
}

async function setPolicy(desk: Desk, options: SetOptions): Promise<void> {
  const { account, mode, yes } = options;
  const path = at`/v1/accounts/${account}/fallback`;
  const { answer: stored, etag } = await desk.read<Policy>(path);
  const wanted = {
    mode: mode === undefined ? stored.mode : meant(mode),
    maxHours: numberOf('--max-hours', options.maxHours, stored.maxHours),
    maxAssets: numberOf('--max-assets', options.maxAssets, stored.maxAssets),
  };
  if (wanted.mode === 'OFF') {
    const newest = `${episodesAt(account)}${queryOf({ limit: '1' })}`;
    const { episodes } = await desk.get<{ episodes: Episode[] }>(newest);
    const lasting = episodes.filter(({ endedAt }) => endedAt === null);
    if (lasting.length > 0) {
      const consequences = `The provider’s key stands in at present. Without it, new assets are refused until the customer’s key works.
${episodesInText({ episodes: lasting })}`;
      await confirm({ account, yes, consequences }, desk.io);
    }
  }
  await desk.tell(await desk.send<Policy>('PUT', path, wanted, etag), policyInText);
}

function numberOf(flag: string, text: string | undefined, stored: number | null): number | null {
  if (text === undefined) return stored;
  if (text === 'none') return null;
  if (/^[1-9]\d{0,9}$/.test(text)) return Number(text);
  throw new CmkError('INVALID_ARGUMENT', `${flag}: expected a number from 1 on, or none, got ${text}`);
}

function episodesAt(account: string): string {
  return at`/v1/accounts/${account}/fallback/episodes`;
}

async function setWish(
  desk: Desk,
  { account }: AccountOptions,
  srvId?: string,
  type?: string,
  wish?: string,
): Promise<void> {
  const path = at`/v1/accounts/${account}/on-failure`;
  if (srvId === undefined) {
    return desk.tell(await desk.getAll<'onFailure', Wish>(path, 'onFailure'), wishesInText);
  }
  const known = WISHES.find((each) => each === meant(wish ?? ''));
  if (type === undefined || known === undefined) {
    const got = [type, wish].filter((each) => each !== undefined).join(' ');
    throw new CmkError(
      'INVALID_ARGUMENT',
      `expected a service, an asset type, and fail-asset or drop-session, got ${srvId} ${got}`,
    );
  }
  const answer = await desk.send<Wish>('PUT', `${path}${at`/${srvId}/${type}`}`, { wish: known });
  await desk.tell(answer, (set) => wishesInText({ onFailure: [set] }));
}

function policyInText({ mode, maxHours, maxAssets }: Policy): string {
  return fields([
    ['mode', inWords(MODE_WORDS, mode)],
    ['at a time', maxHours === null ? 'for any time' : `for ${count(maxHours, 'hour')} at the most`],
    ['', maxAssets === null ? 'for any number of assets' : `for ${count(maxAssets, 'asset')} at the most`],
  ]);
}

function episodesInText({ episodes }: { episodes: readonly Episode[] }): string {
  const rows = episodes.map((each) => [
    time(each.startedAt),
    each.endedAt === null ? `lasts; the key is tried at ${time(each.nextProbeAt)}` : time(each.endedAt),
    String(each.assets),
    each.cause,
    each.kekId,
  ]);
  const head = ['began', 'ended', 'new assets', 'why', 'key'];
  const lasting = new Set(episodes.flatMap(({ cause, endedAt }) => (endedAt === null ? [cause] : [])));
  const advice = [...lasting].map((cause) => `✘ ${causeInWords(cause)}\n`).join('');
  return `${table(head, rows, 'it never did')}${advice && `\n${advice}`}`;
}

function wishesInText({ onFailure }: { onFailure: readonly Wish[] }): string {
  const rows = onFailure.map(({ srvId, type, wish }) => [srvId, type, inWords(WISH_WORDS, wish)]);
  return table(
    ['service', 'asset type', 'when no key works'],
    rows,
    'an asset that no key protects is not stored',
  );
}

const SHOW_HELP = `Examples:
  cmk admin fallback show --account acme`;

const SET_HELP = `Off while the provider's key stands in asks for confirmation.

Examples:
  cmk admin fallback set --account acme --mode outage --max-hours 24
  cmk admin fallback set --account acme --mode off`;

const EPISODES_HELP = `Examples:
  cmk admin fallback episodes --account acme`;

const ON_FAILURE_HELP = `Types that are not listed are fail-asset.

Examples:
  cmk admin fallback on-failure --account acme
  cmk admin fallback on-failure 0003 PhoneVoicemail drop-session --account acme`;
