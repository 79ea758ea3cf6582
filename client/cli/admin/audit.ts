import type { Command } from 'commander';
import type { Io } from '../io.ts';
import { addAdminOptions, type AdminOptions } from './options.ts';

/** Whose ledger. */
export interface LedgerOptions extends AdminOptions {
  readonly account?: string;
  /** The events that belong to no account. */
  readonly none?: true;
  readonly quiet?: true;
}

export interface ExportOptions extends LedgerOptions {
  readonly out?: string;
  readonly force?: true;
}

export interface VerifyOptions extends LedgerOptions {
  readonly head?: string;
  readonly json?: true;
}

/** `cmk audit …`: the audit ledger, for those who check it. */
export function addAudit(program: Command, io: Io): void {
  const audit = program.command('audit').description('Export and verify the audit ledger of an account.');
  const exporting = audit
    .command('export')
    .description('Write the ledger as JSON lines, oldest first. OUT appears complete or not at all.')
    .option('--account <name>', 'customer')
    .option('--none', 'the events that belong to no account, in place of an account’s')
    .option('--out <file>', 'file to make; default: standard output')
    .option('-f, --force', 'replace OUT if it exists')
    .option('-q, --quiet', 'no progress, no summary');
  addAdminOptions(exporting)
    .addHelpText('after', EXPORT_EXAMPLES)
    .action(async (options: ExportOptions) => {
      const { exportLedger } = await import('./export.ts');
      await exportLedger(options, io);
    });
  const verifying = audit
    .command('verify')
    .description('Check that every record is as it was written, and name the first that is not.')
    .argument('[file]', 'exported ledger; - : standard input; nothing: ask the broker')
    .option(
      '--account <name>',
      'customer whose ledger it must be; default for a file: that of its first record',
    )
    .option('--none', 'the events that belong to no account, in place of an account’s')
    .option('--head <seq:hash>', 'newest record as it was kept elsewhere; it must be in the ledger')
    .option('--json', 'one JSON object')
    .option('-q, --quiet', 'no progress');
  addAdminOptions(verifying)
    .addHelpText('after', VERIFY_EXAMPLES)
    .action(async (file: string | undefined, options: VerifyOptions) => {
      const { verifyLedger } = await import('./verify.ts');
      await verifyLedger(file ?? null, options, io);
    });
}

const EXPORT_EXAMPLES = `
Examples:
  cmk audit export --account acme --out acme.jsonl
  cmk audit export --account acme | jq -r 'select(.action == "RESOLVE") | .asset.id'`;

const VERIFY_EXAMPLES = `
The exit code is 4 when a record is not as it was written. Keep the head that is printed, outside the provider's
reach: with --head the next verification finds also what was rewritten to the end, or cut off.

Examples:
  cmk audit verify --account acme
  cmk audit verify acme.jsonl --head 1042:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08`;
