import { Option, type Command } from 'commander';
import type { Io } from '../io.ts';
import { ACCOUNT, addCommand, addSubject, choice, meant, pageOptions } from './command.ts';
import { at, type AccountOptions, type PageOptions } from './desk.ts';
import { PROTECTION_WORDS, PROTECTIONS } from './protection.ts';
import { fields, inWords, table, time } from './text.ts';

interface DataKey {
  readonly generation: number;
  readonly state: string;
  readonly protection: string;
  readonly key: { readonly id: string; readonly platform: boolean; readonly reference: string | null };
  readonly madeAt: number;
}

interface Listed extends DataKey {
  readonly asset: { readonly srvId: string; readonly type: string; readonly id: string };
  readonly owner: string | null;
}

interface Details {
  readonly asset: Listed['asset'];
  readonly protection: string;
  readonly owner: string | null;
  readonly madeAt: number;
  readonly dataKeys: readonly DataKey[];
}

interface ListOptions extends AccountOptions, PageOptions {
  readonly service?: string;
  readonly type?: string;
  readonly protection?: string;
  readonly prefix?: string;
}

const STATE_WORDS = {
  CURRENT: 'in use',
  TO_GIVE_WAY: 'in use until the next file',
  OLDER: 'opens older files',
  DESTROYED: 'destroyed',
};

/** `cmk admin assets …`. */
export function addAssets(admin: Command, io: Io): void {
  const assets = addSubject(admin, 'assets', 'What services stored for an account, and how it is protected.');
  const list = {
    usage: 'list',
    does: 'List assets in the order of service, type and id.',
    options: [
      ACCOUNT,
      new Option('--service <number>', 'of this service'),
      new Option('--type <name>', 'of this asset type'),
      choice('--protection <kind>', 'protected like this', PROTECTIONS),
      new Option('--prefix <text>', 'whose ids begin like this'),
      ...pageOptions('assets'),
    ],
    help: LIST_HELP,
  };
  addCommand<ListOptions>(assets, io, list, async (desk, options) => {
    const { account, service: srvId, type, prefix: idPrefix, ...rest } = options;
    const protection = rest.protection === undefined ? undefined : meant(rest.protection);
    const filter = { srvId, type, protection, idPrefix };
    await desk.tellPage<'assets', Listed>(at`/v1/accounts/${account}/assets`, rest, listInText, filter);
  });
  const show = {
    usage: 'show <service> <type> <id>',
    does: 'Show how an asset is protected: its data keys, and the keys that they are under.',
    options: [ACCOUNT],
    help: SHOW_HELP,
  };
  addCommand<AccountOptions>(assets, io, show, async (desk, { account }, srvId = '', type = '', id = '') => {
    const path = at`/v1/accounts/${account}/assets/${srvId}/${type}/${id}`;
    await desk.tell(await desk.get<{ asset: Details }>(path), ({ asset }) => detailsInText(asset));
  });
}

function listInText({ assets }: { assets: readonly Listed[] }): string {
  const rows = assets.map((each) => [
    each.asset.srvId,
    each.asset.type,
    each.asset.id,
    inWords(PROTECTION_WORDS, each.protection),
    keyOf(each),
    each.owner ?? '',
  ]);
  return table(['service', 'asset type', 'id', 'protected by', 'key', 'owner'], rows, 'no assets');
}

function detailsInText({ asset, protection, owner, madeAt, dataKeys }: Details): string {
  const facts = fields([
    ['asset', `${asset.srvId} ${asset.type} ${asset.id}`],
    ['protected by', inWords(PROTECTION_WORDS, protection)],
    ['owner', owner ?? 'not known'],
    ['since', time(madeAt)],
  ]);
  const rows = dataKeys.map((each) => [
    String(each.generation),
    inWords(STATE_WORDS, each.state),
    inWords(PROTECTION_WORDS, each.protection),
    keyOf(each),
    time(each.madeAt),
  ]);
  return `${facts}\n${table(['data key', 'state', 'protected by', 'key', 'made'], rows, 'no data keys')}`;
}

function keyOf({ key }: DataKey): string {
  return key.platform ? 'the provider’s' : (key.reference ?? key.id);
}

const LIST_HELP = `Examples:
  cmk admin assets list --account acme --protection fallback-key
  cmk admin assets list --account acme --service 0001 --type MeetingWebinarRecording --prefix 2026-`;

const SHOW_HELP = `Examples:
  cmk admin assets show 0001 MeetingWebinarRecording meeting-1 --account acme`;
