import { Option, type Command } from 'commander';
import { CmkError } from '../../../core/errors.ts';
import type { Io } from '../io.ts';
import { ACCOUNT, addCommand, addSubject } from './command.ts';
import { at, type AccountOptions } from './desk.ts';
import { table } from './text.ts';

interface Contacts {
  readonly emails: readonly string[];
}

/** `cmk admin contacts …`. */
export function addContacts(admin: Command, io: Io): void {
  const contacts = addSubject(admin, 'contacts', 'Who gets an account’s alerts by e-mail.');
  const show = { usage: 'show', does: 'Show the addresses.', options: [ACCOUNT], help: SHOW_HELP };
  addCommand<AccountOptions>(contacts, io, show, async (desk, { account }) => {
    await desk.tell(await desk.get<Contacts>(at`/v1/accounts/${account}/contacts`), inText);
  });
  const set = {
    usage: 'set',
    does: 'Replace all addresses.',
    options: [
      ACCOUNT,
      new Option('--email <address...>', 'those that it is to have'),
      new Option('--none', 'it is to have none'),
    ],
    help: SET_HELP,
  };
  addCommand<AccountOptions & { email?: string[]; none?: true }>(contacts, io, set, async (desk, options) => {
    const { account, email, none } = options;
    if ((email === undefined) === (none === undefined)) {
      throw new CmkError('INVALID_ARGUMENT', 'expected exactly one of --email and --none');
    }
    const path = at`/v1/accounts/${account}/contacts`;
    await desk.tell(await desk.send<Contacts>('PUT', path, { emails: email ?? [] }), inText);
  });
}

function inText({ emails }: Contacts): string {
  return table(
    ['e-mail'],
    emails.map((email) => [email]),
    'nobody gets mail',
  );
}

const SHOW_HELP = `Examples:
  cmk admin contacts show --account acme`;

const SET_HELP = `Examples:
  cmk admin contacts set --account acme --email keys@acme.example security@acme.example
  cmk admin contacts set --account acme --none`;
