import { Option, type Command } from 'commander';
import { CmkError } from '../../../core/errors.ts';
import type { Io } from '../io.ts';
import { addCommand, addSubject, choice, meant, pageOptions, YES } from './command.ts';
import { confirm } from './confirm.ts';
import { at, type Desk, type DeskOptions, type PageOptions, type Read } from './desk.ts';
import { count, fields, inWords, table } from './text.ts';

interface Account {
  readonly id: string;
  readonly name: string;
  readonly licence: string;
  readonly externalId: string;
}

interface PutOptions extends DeskOptions {
  readonly name?: string;
  readonly licence?: string;
  readonly yes?: string;
}

/** From the least to the most. */
const LICENCES = ['NONE', 'GROUPS', 'ACCOUNT'] as const;
const LICENCE_WORDS = {
  NONE: 'none: nobody’s assets',
  GROUPS: 'groups: assets of members of licensed groups',
  ACCOUNT: 'account: everybody’s assets',
};

/** `cmk admin accounts …`. */
export function addAccounts(admin: Command, io: Io): void {
  const accounts = addSubject(admin, 'accounts', 'Customers, and whose assets their licences cover.');
  const list = { usage: 'list', does: 'List the accounts, in the order of their names.', help: LIST_HELP };
  addCommand(accounts, io, { ...list, options: pageOptions('accounts') }, listAccounts);
  const show = { usage: 'show <account>', does: 'Show one account.', help: SHOW_HELP };
  addCommand(accounts, io, show, async (desk, _, id: string) =>
    desk.tell((await find(desk, id)).answer, inText),
  );
  const put = {
    usage: 'put <account>',
    does: 'Make an account, or change one. What is not given stays as it is.',
    options: [
      new Option('--name <text>', 'for people; of a new account its identifier, if not given'),
      choice('--licence <whose>', 'whose assets its key protects; of a new account: none', LICENCES),
      YES,
    ],
    help: PUT_HELP,
  };
  addCommand(accounts, io, put, putAccount);
}

async function listAccounts(desk: Desk, options: DeskOptions & PageOptions): Promise<void> {
  await desk.tellPage<'accounts', Account>('/v1/accounts', options, ({ accounts }) =>
    table(
      ['account', 'licence', 'name'],
      accounts.map(({ id, name, licence }) => [id, inWords(LICENCE_WORDS, licence), name]),
      'no accounts',
    ),
  );
}

async function putAccount(desk: Desk, options: PutOptions, id: string): Promise<void> {
  const { answer: stored, etag } = await find(desk, id).catch(orNone);
  const name = options.name ?? stored?.name ?? id;
  const licence = options.licence === undefined ? (stored?.licence ?? 'NONE') : meant(options.licence);
  if (stored && isLess(licence, stored.licence)) {
    const consequences = await shrinking(desk, stored, licence);
    await confirm({ account: id, yes: options.yes, consequences }, desk.io);
  }
  const path = at`/v1/accounts/${id}`;
  await desk.tell(await desk.send<Account>('PUT', path, { name, licence }, etag), inText);
}

function isLess(licence: string, than: string): boolean {
  const rank = (each: string) => LICENCES.findIndex((known) => known === each);
  return rank(licence) < rank(than);
}

async function shrinking(desk: Desk, { id, licence: before }: Account, licence: string): Promise<string> {
  const path = at`/v1/accounts/${id}/enrolments`;
  const { enrolments } = await desk.getAll<'enrolments', object>(path, 'enrolments');
  const types = count(enrolments.length, 'enrolled asset type');
  const was = inWords(LICENCE_WORDS, before);
  return `The licence of ${id} shrinks from “${was}” to “${inWords(LICENCE_WORDS, licence)}”.
New assets of ${types} that it no longer covers are protected by the provider’s key.
What is sealed already stays under the customer’s key until it is moved.\n`;
}

function find(desk: Desk, id: string): Promise<Read<Account>> {
  return desk.read<Account>(at`/v1/accounts/${id}`);
}

function orNone(error: unknown): Read<null> {
  if (error instanceof CmkError && error.code === 'ACCOUNT_UNKNOWN') return { answer: null, etag: null };
  throw error;
}

function inText({ id, name, licence, externalId }: Account): string {
  return fields([
    ['account', id],
    ['name', name],
    ['licence', inWords(LICENCE_WORDS, licence)],
    ['external id', externalId],
  ]);
}

const LIST_HELP = `Examples:
  cmk admin accounts list
  cmk admin accounts list --json | jq -r '.accounts[].id'`;

const SHOW_HELP = `The external id is what the customer's AWS role must demand.

Examples:
  cmk admin accounts show acme`;

const PUT_HELP = `A licence that covers less asks for confirmation.

Examples:
  cmk admin accounts put acme --name 'Acme Inc.' --licence account
  cmk admin accounts put acme --licence groups --yes acme`;
