import { Option, type Command } from 'commander';
import type { Io } from '../io.ts';
import { ACCOUNT, addCommand, addSubject, choice, pageOptions, meant, YES } from './command.ts';
import { confirm } from './confirm.ts';
import { at, type AccountOptions, type Desk, type PageOptions } from './desk.ts';
import { follow } from './follow.ts';
import { findKey } from './key-view.ts';
import { moveInText, movesInText, previewInText, type Move, type Preview } from './move-view.ts';
import { PROTECTIONS } from './protection.ts';

interface StartOptions extends AccountOptions {
  readonly kind: string;
  readonly from: readonly string[];
  readonly to: string;
  readonly service?: string;
  readonly type?: string;
  readonly owner?: readonly string[];
  readonly protection?: readonly string[];
  readonly dryRun?: true;
  readonly yes?: string;
}

const KINDS = ['ENROL', 'ROTATE', 'RECOVER', 'SHRINK', 'LEAVE'] as const;
/** The provider's own key, in place of a key's name. */
const PLATFORM = 'platform';

/** `cmk admin moves …`. */
export function addMoves(admin: Command, io: Io): void {
  const moves = addSubject(admin, 'moves', 'Data keys that move from one key to another, in the background.');
  const list = {
    usage: 'list',
    does: 'List an account’s moves, newest first.',
    options: [ACCOUNT, ...pageOptions('moves')],
    help: LIST_HELP,
  };
  addCommand<AccountOptions & PageOptions>(moves, io, list, async (desk, { account, ...page }) => {
    await desk.tellPage<'moves', Move>(at`/v1/accounts/${account}/moves`, page, movesInText);
  });
  const show = {
    usage: 'show <move>',
    does: 'Show how a move goes, and why it waits.',
    options: [ACCOUNT, new Option('--follow', 'show its progress until it ends, or is paused')],
    help: SHOW_HELP,
  };
  addCommand<AccountOptions & { follow?: true }>(moves, io, show, async (desk, options, id: string) => {
    const read = () => desk.get<{ move: Move }>(at`/v1/accounts/${options.account}/moves/${id}`);
    const answer = options.follow ? await follow(read, desk.io) : await read();
    await desk.tell(answer, ({ move }) => moveInText(move));
  });
  const start = {
    usage: 'start',
    does: 'Move data keys from some keys to another, in the background.',
    options: [
      ACCOUNT,
      choice('--kind <kind>', 'what for', KINDS).makeOptionMandatory(),
      new Option('--from <key...>', `keys to move from; "${PLATFORM}": the provider’s`).makeOptionMandatory(),
      new Option('--to <key>', `key to move to; "${PLATFORM}": the provider’s`).makeOptionMandatory(),
      new Option('--service <srvId>', 'assets of this service alone: four digits'),
      new Option('--type <type>', 'assets of this type alone'),
      new Option('--owner <user...>', 'assets of these users alone'),
      choice('--protection <kind...>', 'what is protected so alone', PROTECTIONS),
      new Option('--dry-run', 'show what would be moved, and move nothing'),
      YES,
    ],
    help: START_HELP,
  };
  addCommand<StartOptions>(moves, io, start, startMove);
  for (const [act, does] of Object.entries(ACTS)) {
    const facts = { usage: `${act} <move>`, does, options: [ACCOUNT], help: exampleOf(act) };
    addCommand<AccountOptions>(moves, io, facts, async (desk, { account }, id: string) => {
      const path = `${at`/v1/accounts/${account}/moves/${id}`}/${act}`;
      await desk.tell(await desk.send<{ move: Move }>('POST', path), ({ move }) => moveInText(move));
    });
  }
}

async function startMove(desk: Desk, options: StartOptions): Promise<void> {
  const { account, kind } = options;
  const path = at`/v1/accounts/${account}/moves`;
  const plan = await planOf(desk, options);
  if (options.dryRun) {
    const answer = await desk.send<{ preview: Preview }>('POST', path, { ...plan, dryRun: true });
    return desk.tell(answer, ({ preview }) => previewInText(preview));
  }
  if (['LEAVE', 'SHRINK'].includes(meant(kind))) {
    const { preview } = await desk.send<{ preview: Preview }>('POST', path, { ...plan, dryRun: true });
    const consequences = `The provider’s key will open all of this, and the customer’s will not decide about it any more.
${previewInText(preview)}`;
    await confirm({ account, yes: options.yes, consequences }, desk.io);
  }
  await desk.tell(await desk.send<{ move: Move }>('POST', path, plan), ({ move }) => moveInText(move));
}

async function planOf(desk: Desk, options: StartOptions): Promise<object> {
  const { account, service, type, owner, protection } = options;
  const idOf = async (name: string) => (name === PLATFORM ? name : (await findKey(desk, account, name)).id);
  const kekIds: string[] = [];
  for (const name of options.from) kekIds.push(await idOf(name));
  return {
    kind: meant(options.kind),
    selection: {
      kekIds,
      ...(protection ? { protections: protection.map(meant) } : {}),
      ...(service === undefined ? {} : { srvId: service }),
      ...(type === undefined ? {} : { type }),
      ...(owner ? { owners: owner } : {}),
    },
    target: await idOf(options.to),
  };
}

const ACTS = {
  pause: 'Move nothing more until it is resumed.',
  resume: 'Let a paused move go on.',
  cancel: 'End a move. What was moved stays moved.',
};

function exampleOf(act: string): string {
  return `Examples:\n  cmk admin moves ${act} 018bcfe5-6800-7000-8000-000000000001 --account acme`;
}

const LIST_HELP = `Examples:
  cmk admin moves list --account acme`;

const SHOW_HELP = `Examples:
  cmk admin moves show 018bcfe5-6800-7000-8000-000000000001 --account acme --follow`;

const START_HELP = `Nothing becomes unreadable while data keys move. Kinds: enrol and recover go from the provider's key to the customer's,
rotate from one of the customer's to another, shrink and leave back to the provider's; these two ask for confirmation.

Examples:
  cmk admin moves start --account acme --kind enrol --from platform --to arn:aws:kms:eu-central-1:111122223333:key/mrk-1 \\
    --service 0001 --dry-run
  cmk admin moves start --account acme --kind leave --from 018bcfe5-6800-7000-8000-000000000001 --to platform`;
