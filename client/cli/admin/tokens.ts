import { Option, type Command } from 'commander';
import { CmkError } from '../../../core/errors.ts';
import type { Io } from '../io.ts';
import { ACCOUNT, addCommand, addSubject, choice, meant } from './command.ts';
import { at, type AccountOptions, type Desk } from './desk.ts';
import { fields, inWords, table, time } from './text.ts';

interface ApiToken {
  readonly id: string;
  readonly name: string;
  readonly role: string;
  readonly createdBy: string;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly lastUsedAt: number | null;
}

interface CreateOptions extends AccountOptions {
  readonly role: string;
  readonly days: string;
}

const ROLES = ['AUDITOR', 'ADMINISTRATOR'] as const;
const ROLE_WORDS = { AUDITOR: 'auditor: reads', ADMINISTRATOR: 'administrator: reads and changes' };

/** `cmk admin tokens …`. */
export function addTokens(admin: Command, io: Io): void {
  const tokens = addSubject(admin, 'tokens', 'What an account’s programs show to the administration API.');
  const list = {
    usage: 'list',
    does: 'List the tokens, the oldest first.',
    options: [ACCOUNT],
    help: LIST_HELP,
  };
  addCommand<AccountOptions>(tokens, io, list, async (desk, { account }) => {
    const path = at`/v1/accounts/${account}/tokens`;
    await desk.tell(await desk.getAll<'tokens', ApiToken>(path, 'tokens'), inText);
  });
  const create = {
    usage: 'create <name>',
    does: 'Make a token, and show it this once.',
    options: [
      ACCOUNT,
      choice('--role <role>', 'what it may do', ROLES).makeOptionMandatory(),
      new Option('--days <number>', 'how long it lasts, from 1 to 367').default('90'),
    ],
    help: CREATE_HELP,
  };
  addCommand<CreateOptions>(tokens, io, create, createToken);
  const revoke = {
    usage: 'revoke <token>',
    does: 'End a token. It is refused from now on.',
    options: [ACCOUNT],
    help: REVOKE_HELP,
  };
  addCommand<AccountOptions>(tokens, io, revoke, async (desk, { account }, id: string) => {
    const answer = await desk.send<{ id: string }>('DELETE', at`/v1/accounts/${account}/tokens/${id}`);
    await desk.tell(answer, () => `token ${id} is revoked\n`);
  });
}

async function createToken(desk: Desk, { account, role, days }: CreateOptions, name: string): Promise<void> {
  if (!/^[1-9]\d{0,2}$/.test(days)) {
    throw new CmkError('INVALID_ARGUMENT', `--days: expected a number from 1 to 367, got ${days}`);
  }
  const wish = { name, role: meant(role), expiresInDays: Number(days) };
  const path = at`/v1/accounts/${account}/tokens`;
  const answer = await desk.send<{ token: ApiToken; secret: string }>('POST', path, wish);
  await desk.tell(answer, ({ token, secret }) =>
    fields([
      ['token', token.id],
      ['name', token.name],
      ['role', inWords(ROLE_WORDS, token.role)],
      ['until', time(token.expiresAt)],
      ['secret', `${secret} (shown this once: keep it where the program reads it)`],
    ]),
  );
}

function inText({ tokens }: { tokens: readonly ApiToken[] }): string {
  const rows = tokens.map(({ id, name, role, expiresAt, lastUsedAt, createdBy }) => [
    id,
    name,
    role.toLowerCase(),
    time(expiresAt),
    time(lastUsedAt),
    createdBy,
  ]);
  return table(['token', 'name', 'role', 'until', 'last used', 'made by'], rows, 'no tokens');
}

const LIST_HELP = `Examples:
  cmk admin tokens list --account acme`;

const CREATE_HELP = `The name is what the ledger has for what is done with it. A program gives the token where cmk admin takes the operator's.

Examples:
  cmk admin tokens create backup --account acme --role auditor
  cmk admin tokens create deploy --account acme --role administrator --days 7 --json | jq -r .secret > deploy.token`;

const REVOKE_HELP = `Examples:
  cmk admin tokens revoke 018bcfe5-6800-7000-8000-000000000001 --account acme`;
