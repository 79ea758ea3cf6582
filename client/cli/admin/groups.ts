import { readFile } from 'node:fs/promises';
import { Option, type Command } from 'commander';
import { CmkError } from '../../../core/errors.ts';
import { localError } from '../../errors.ts';
import type { Io } from '../io.ts';
import { ACCOUNT, addCommand, addSubject, YES } from './command.ts';
import { confirm } from './confirm.ts';
import { at, type AccountOptions, type Desk, type Read } from './desk.ts';
import { count, fields, table } from './text.ts';

interface Group {
  readonly id: string;
  readonly name: string;
  readonly licensed: boolean;
  readonly members: readonly string[];
}

interface PutOptions extends AccountOptions {
  readonly name?: string;
  readonly licensed?: boolean;
  readonly member?: readonly string[];
  readonly members?: string;
  readonly yes?: string;
}

/** `cmk admin groups …`. */
export function addGroups(admin: Command, io: Io): void {
  const groups = addSubject(admin, 'groups', 'Users of an account whose assets are covered together.');
  const list = { usage: 'list', does: 'List the groups.', options: [ACCOUNT], help: LIST_HELP };
  addCommand<AccountOptions>(groups, io, list, async (desk, { account }) => {
    const path = at`/v1/accounts/${account}/groups`;
    await desk.tell(await desk.getAll<'groups', Group>(path, 'groups'), listInText);
  });
  const put = {
    usage: 'put <group>',
    does: 'Make a group, or change one. What is not given stays as it is.',
    options: [
      ACCOUNT,
      new Option('--name <text>', 'for people; of a new group its identifier, if not given'),
      new Option('--licensed', 'its members’ assets are covered'),
      new Option('--no-licensed', 'they are not; so it is for a new group'),
      new Option('--member <user...>', 'all of its members'),
      new Option('--members <file>', 'the same from a file, one a line'),
      YES,
    ],
    help: PUT_HELP,
  };
  addCommand<PutOptions>(groups, io, put, putGroup);
}

async function putGroup(desk: Desk, options: PutOptions, id: string): Promise<void> {
  const { account } = options;
  const given = await membersOf(options);
  const path = at`/v1/accounts/${account}/groups/${id}`;
  const { answer: stored, etag } = await desk.read<Group>(path).catch(orNone);
  const { name = id, licensed = false, members = [] } = stored ?? {};
  const wanted = {
    name: options.name ?? name,
    licensed: options.licensed ?? licensed,
    members: given ?? members,
  };
  const lost = licensed ? members.filter((user) => !wanted.licensed || !wanted.members.includes(user)) : [];
  if (lost.length > 0) {
    const consequences = `${count(lost.length, 'user')} will not be covered by the licensed group ${id} any more: ${someOf(lost)}.
New assets of theirs are protected by the provider’s key, unless another licensed group has them.
What is sealed already stays under the customer’s key until it is moved.\n`;
    await confirm({ account, yes: options.yes, consequences }, desk.io);
  }
  await desk.tell(await desk.send<Group>('PUT', path, wanted, etag), inText);
}

function orNone(error: unknown): Read<null> {
  if (error instanceof CmkError && error.code === 'NOT_FOUND') return { answer: null, etag: null };
  throw error;
}

async function membersOf({ member, members }: PutOptions): Promise<readonly string[] | null> {
  if (member && members !== undefined) {
    throw new CmkError('INVALID_ARGUMENT', 'expected one of --member and --members, got both');
  }
  if (members === undefined) return member ?? null;
  try {
    const lines = (await readFile(members, 'utf8')).split('\n').map((line) => line.trim());
    return [...new Set(lines.filter((line) => line !== ''))];
  } catch (error) {
    throw localError(members, error);
  }
}

function someOf(users: readonly string[]): string {
  return users.length > 5 ? `${users.slice(0, 5).join(', ')} …` : users.join(', ');
}

function listInText({ groups }: { groups: Group[] }): string {
  const rows = groups.map(({ id, name, licensed, members }) => [
    id,
    licensed ? 'licensed' : 'not licensed',
    String(members.length),
    name,
  ]);
  return table(['group', 'licence', 'members', 'name'], rows, 'no groups');
}

function inText({ id, name, licensed, members }: Group): string {
  return fields([
    ['group', id],
    ['name', name],
    ['licence', licensed ? 'licensed' : 'not licensed'],
    ['members', String(members.length)],
  ]);
}

const LIST_HELP = `Examples:
  cmk admin groups list --account acme
  cmk admin groups list --account acme --json | jq -r '.groups[] | select(.id == "legal") | .members[]'`;

const PUT_HELP = `Groups decide when the account's licence is "groups". A change that covers fewer users asks for confirmation.

Examples:
  cmk admin groups put legal --account acme --name 'Legal department' --licensed --member u-7 u-8
  cmk admin groups put legal --account acme --members legal.txt`;
