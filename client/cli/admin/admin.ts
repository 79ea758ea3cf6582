import type { Command } from 'commander';
import type { Io } from '../io.ts';
import { addAccounts } from './accounts.ts';
import { addAlerts } from './alerts.ts';
import { addAssets } from './assets.ts';
import { addContacts } from './contacts.ts';
import { addCoverage } from './coverage.ts';
import { addEnrolments } from './enrolments.ts';
import { addFallback } from './fallback.ts';
import { addGroups } from './groups.ts';
import { addKeyLife } from './key-life.ts';
import { addKeySetUp } from './key-set-up.ts';
import { addKeys } from './keys.ts';
import { addLeases } from './leases.ts';
import { addMoves } from './moves.ts';
import { addOverview } from './overview.ts';
import { addTokens } from './tokens.ts';
import { addWebhooks } from './webhooks.ts';

/** `cmk admin …`: what operators do, over the broker's administration API. */
export function addAdmin(program: Command, io: Io): void {
  const admin = program
    .command('admin')
    .description('Administer accounts, keys and what they cover, over the broker’s administration API.')
    .helpCommand(false)
    .addHelpText('after', HELP);
  addAccounts(admin, io);
  addOverview(admin, io);
  addGroups(admin, io);
  addEnrolments(admin, io);
  const keys = addKeys(admin, io);
  addKeyLife(keys, io);
  addKeySetUp(keys, io);
  addCoverage(admin, io);
  addAssets(admin, io);
  addMoves(admin, io);
  addFallback(admin, io);
  addLeases(admin, io);
  addContacts(admin, io);
  addWebhooks(admin, io);
  addAlerts(admin, io);
  addTokens(admin, io);
}

const HELP = `
The operator's token, or an account's (cmk admin tokens), is in $CMK_ADMIN_TOKEN or in a file (--token-file): never on the command line, which every user
of the machine can read. What makes assets unreadable, or covers less, first shows what it would do, and asks for the
account's name; a script gives it with --yes. All times are UTC.

Examples:
  cmk admin accounts put acme --name 'Acme Inc.' --licence account
  cmk admin enrolments add 0001 MeetingWebinarRecording --account acme
  cmk admin keys set-up --account acme --provider aws --aws-account 111122223333 --regions eu-central-1
  cmk admin keys enrol --account acme --provider aws --reference arn:aws:kms:eu-central-1:111122223333:key/mrk-1
  cmk admin keys list --account acme`;
