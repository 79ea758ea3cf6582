import { Option, type Command } from 'commander';
import { CmkError } from '../../../core/errors.ts';
import type { Io } from '../io.ts';
import { ACCOUNT, addCommand, addSubject, choice, meant, YES } from './command.ts';
import { confirm } from './confirm.ts';
import { previewInText, shrinks, type Preview } from './coverage-view.ts';
import { at, type AccountOptions, type Desk } from './desk.ts';
import { movesInText, type Move } from './move-view.ts';

/** A change; which kind it is, the options that are given say. */
interface ChangeOptions extends AccountOptions {
  readonly licence?: string;
  readonly group?: string;
  readonly licensed?: boolean;
  readonly add?: readonly string[];
  readonly remove?: readonly string[];
  readonly service?: string;
  readonly type?: string;
  readonly enrolled?: boolean;
}

const CHANGE = [
  choice('--licence <whose>', 'the account’s licence: whose assets its key protects', [
    'NONE',
    'GROUPS',
    'ACCOUNT',
  ]),
  new Option('--group <group>', 'a group, with what is to change about it:'),
  new Option('--licensed', '  its members’ assets are covered'),
  new Option('--no-licensed', '  they are not'),
  new Option('--add <user...>', '  members who come'),
  new Option('--remove <user...>', '  members who go'),
  new Option('--service <srvId>', 'an asset type’s service, with:'),
  new Option('--type <type>', '  the asset type'),
  new Option('--enrolled', '  it is covered'),
  new Option('--no-enrolled', '  it is not'),
];

/** `cmk admin coverage …`. */
export function addCoverage(admin: Command, io: Io): void {
  const coverage = addSubject(admin, 'coverage', 'What a change of who and what is covered would do.');
  const preview = {
    usage: 'preview',
    does: 'Show what a change would do to new assets and to existing ones. Changes nothing.',
    options: [ACCOUNT, ...CHANGE],
    help: PREVIEW_HELP,
  };
  addCommand<ChangeOptions>(coverage, io, preview, async (desk, options) => {
    await desk.tell(await previewOf(desk, options), previewInText);
  });
  const apply = {
    usage: 'apply',
    does: 'Make a change, and let existing data follow it if wanted.',
    options: [
      ACCOUNT,
      ...CHANGE,
      new Option('--move-existing', 'existing data follows, in the background'),
      YES,
    ],
    help: APPLY_HELP,
  };
  addCommand<ChangeOptions & { moveExisting?: true; yes?: string }>(
    coverage,
    io,
    apply,
    async (desk, options) => {
      const { account, yes, moveExisting = false } = options;
      const body = { ...changeOf(options), moveExisting };
      const etag = await versionOf(desk, options);
      const preview = await previewOf(desk, options);
      if (shrinks(preview)) await confirm({ account, yes, consequences: previewInText(preview) }, desk.io);
      const path = at`/v1/accounts/${account}/coverage/apply`;
      const answer = await desk.send<{ newAssets: object[]; moves: Move[] }>('POST', path, body, etag);
      await desk.tell(answer, ({ moves }) =>
        moveExisting ? movesInText({ moves }) : 'done; existing data stays where it is\n',
      );
    },
  );
}

/** Of what changes, so that what is confirmed is what is done; an enrolment is there or it is not. */
async function versionOf(desk: Desk, { account, licence, group }: ChangeOptions): Promise<string | null> {
  if (group !== undefined) return (await desk.read(at`/v1/accounts/${account}/groups/${group}`)).etag;
  if (licence !== undefined) return (await desk.read(at`/v1/accounts/${account}`)).etag;
  return null;
}

function previewOf(desk: Desk, options: ChangeOptions): Promise<Preview> {
  return desk.send('POST', at`/v1/accounts/${options.account}/coverage/preview`, changeOf(options));
}

function changeOf({ licence, group, licensed, add, remove, service, type, enrolled }: ChangeOptions): object {
  const changes = [
    ...(licence === undefined ? [] : [{ kind: 'LICENCE', licence: meant(licence) }]),
    ...(group === undefined ? [] : [{ kind: 'GROUP', group, licensed, add, remove }]),
    ...(service === undefined && type === undefined
      ? []
      : [{ kind: 'ENROLMENT', srvId: service, type, enrolled }]),
  ];
  const [change] = changes;
  if (change && changes.length === 1) return change;
  throw new CmkError(
    'INVALID_ARGUMENT',
    `expected exactly one of --licence, --group and --service with --type, got ${changes.length}`,
  );
}

const PREVIEW_HELP = `Examples:
  cmk admin coverage preview --account acme --licence groups
  cmk admin coverage preview --account acme --group legal --remove u-7
  cmk admin coverage preview --account acme --service 0003 --type PhoneVoicemail --no-enrolled`;

const APPLY_HELP = `What covers less shows the preview and asks for confirmation.

Examples:
  cmk admin coverage apply --account acme --group legal --licensed --add u-8 --move-existing`;
