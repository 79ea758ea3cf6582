import type { Command } from 'commander';
import type { Io } from '../io.ts';
import { ACCOUNT, addCommand, addSubject, YES } from './command.ts';
import { confirm } from './confirm.ts';
import { at, type AccountOptions } from './desk.ts';
import { table } from './text.ts';

interface Enrolment {
  readonly srvId: string;
  readonly type: string;
}

/** `cmk admin enrolments …`. */
export function addEnrolments(admin: Command, io: Io): void {
  const enrolments = addSubject(
    admin,
    'enrolments',
    'Asset types that an account has chosen its key to protect.',
  );
  const list = { usage: 'list', does: 'List the asset types.', options: [ACCOUNT], help: LIST_HELP };
  addCommand<AccountOptions>(enrolments, io, list, async (desk, { account }) => {
    const path = at`/v1/accounts/${account}/enrolments`;
    await desk.tell(await desk.getAll<'enrolments', Enrolment>(path, 'enrolments'), inText);
  });
  const add = {
    usage: 'add <service> <type>',
    does: 'Let new assets of a type be protected by the customer’s key.',
    options: [ACCOUNT],
    help: ADD_HELP,
  };
  addCommand<AccountOptions>(enrolments, io, add, async (desk, { account }, srvId: string, type: string) => {
    const answer = await desk.send<Enrolment>('PUT', at`/v1/accounts/${account}/enrolments/${srvId}/${type}`);
    await desk.tell(answer, () => `${srvId} ${type} is enrolled\n`);
  });
  const remove = {
    usage: 'remove <service> <type>',
    does: 'Let new assets of a type be protected by the provider’s key again.',
    options: [ACCOUNT, YES],
    help: REMOVE_HELP,
  };
  addCommand<AccountOptions & { yes?: string }>(
    enrolments,
    io,
    remove,
    async (desk, { account, yes }, srvId: string, type: string) => {
      const path = at`/v1/accounts/${account}/enrolments/${srvId}/${type}`;
      const consequences = `New assets of ${srvId} ${type} are protected by the provider’s key, no longer by ${account}’s.
What is sealed already stays under the customer’s key until it is moved.\n`;
      await confirm({ account, yes, consequences }, desk.io);
      await desk.tell(await desk.send<Enrolment>('DELETE', path), () => `${srvId} ${type} is not enrolled\n`);
    },
  );
}

function inText({ enrolments }: { enrolments: Enrolment[] }): string {
  const rows = enrolments.map(({ srvId, type }) => [srvId, type]);
  return table(['service', 'asset type'], rows, 'no asset type is enrolled');
}

const LIST_HELP = `Examples:
  cmk admin enrolments list --account acme`;

const ADD_HELP = `Services and their asset types are in docs/integrating.md.

Examples:
  cmk admin enrolments add 0001 MeetingWebinarRecording --account acme`;

const REMOVE_HELP = `Asks for confirmation.

Examples:
  cmk admin enrolments remove 0001 MeetingWebinarRecording --account acme
  cmk admin enrolments remove 0001 MeetingWebinarRecording --account acme --yes acme`;
