import { Command, CommanderError, Option } from 'commander';
import { CmkError, ERROR_CODES } from '../../core/errors.ts';
import { ADDRESS_VARIABLE, DEFAULT_ADDRESS } from '../address.ts';
import { REASONS, type Reason } from '../types.ts';
import { addAdmin } from './admin/admin.ts';
import { addAudit } from './admin/audit.ts';
import { ProblemError } from './admin/http.ts';
import { exitCodeOf, type ExitCode } from './exit-codes.ts';
import { BrokenPipe, printable, type Io } from './io.ts';

/** Options of `cmk encrypt`, `cmk decrypt` and `cmk reencrypt`, as Commander gives them. */
export interface SealOptions extends AssetOptions {
  readonly owner?: string;
  readonly reason: Reason;
  readonly force?: true;
  readonly quiet?: true;
}

/** Options that name an asset and the sidecar to ask. */
export interface AssetOptions {
  readonly account: string;
  readonly service: string;
  readonly type: string;
  readonly id: string;
  readonly sidecar?: string;
}

/**
 * Runs one command line.
 * @param args without the program's name
 */
export async function run(args: readonly string[], io: Io): Promise<ExitCode> {
  try {
    await buildProgram(io).parseAsync(args, { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (error instanceof BrokenPipe) return 141;
    const known = error instanceof CmkError ? error : unexpected(error);
    io.stderr.write(report(known));
    return exitCodeOf(known.code);
  }
}

/** `cmk: what went wrong [CODE]`, and what to do next. */
function report(error: CmkError): string {
  const { meaning } = ERROR_CODES[error.code];
  const advice = error instanceof ProblemError ? printable(error.title ?? meaning) : meaning;
  return `cmk: ${printable(error.message)} [${error.code}]\n     ${advice}\n`;
}

/** A defect of the command itself: nothing in it is secret, and its user is the one who can report it. */
function unexpected(error: unknown): CmkError {
  return new CmkError('INTERNAL', `unexpected: ${error instanceof Error ? error.message : typeof error}`, {
    cause: error,
  });
}

/** The command line's grammar. Each command's work is loaded when it is called, so that help is instant. */
export function buildProgram(io: Io): Command {
  const program = new Command('cmk')
    .description('Seals and opens files through the sidecar, under keys that the customer holds.')
    .addHelpText('after', OVERVIEW)
    .helpCommand(false)
    .showHelpAfterError('(--help shows the options, with examples)')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      // Whoever writes a token there must not find it again in a log.
      outputError: (text, write) =>
        write(text.replace(/^error: /, 'cmk: ').replace(/--token=[^']*/, '--token')),
    });
  addEncrypt(program, io);
  addDecrypt(program, io);
  addReencrypt(program, io);
  addInspect(program, io);
  addDescribe(program, io);
  addAdmin(program, io);
  addAudit(program, io);
  return program;
}

function addEncrypt(program: Command, io: Io): void {
  const command = program
    .command('encrypt')
    .description('Seal a file or a stream. OUT appears complete or not at all.')
    .argument('[in]', 'file to seal; - or nothing: standard input')
    .argument('[out]', 'sealed file to make; - or nothing: standard output');
  addAssetOptions(command)
    .requiredOption('--owner <user>', 'user who owns the asset; whose licence decides which key protects it')
    .addOption(reasonOption('STORAGE'));
  addOutputOptions(command)
    .addHelpText('after', ENCRYPT_EXAMPLES)
    .action(async (input: string | undefined, output: string | undefined, options: SealOptions) => {
      const { seal } = await import('./seal.ts');
      await seal('encrypt', input ?? '-', output, options, io);
    });
}

function addDecrypt(program: Command, io: Io): void {
  const command = program
    .command('decrypt')
    .description('Open a sealed file or stream. A failure leaves no OUT behind.')
    .argument('[in]', 'sealed file to open; - or nothing: standard input')
    .argument('[out]', 'file to make; - or nothing: standard output');
  addAssetOptions(command)
    .option('--owner <user>', 'user who owns the asset')
    .addOption(reasonOption('USER_ACCESS'));
  addOutputOptions(command)
    .addHelpText('after', DECRYPT_EXAMPLES)
    .action(async (input: string | undefined, output: string | undefined, options: SealOptions) => {
      const { seal } = await import('./seal.ts');
      await seal('decrypt', input ?? '-', output, options, io);
    });
}

function addReencrypt(program: Command, io: Io): void {
  const command = program
    .command('reencrypt')
    .description(
      'Seal a sealed file again, under the asset’s newest data key. OUT appears complete or not at all.',
    )
    .argument('[in]', 'sealed file; - or nothing: standard input')
    .argument('[out]', 'sealed file to make; - or nothing: standard output');
  addAssetOptions(command).addOption(reasonOption('STORAGE'));
  addOutputOptions(command)
    .addHelpText('after', REENCRYPT_EXAMPLES)
    .action(async (input: string | undefined, output: string | undefined, options: SealOptions) => {
      const { seal } = await import('./seal.ts');
      await seal('reencrypt', input ?? '-', output, options, io);
    });
}

function addInspect(program: Command, io: Io): void {
  program
    .command('inspect')
    .description('Show what a sealed file tells without its key, and whether its structure is whole.')
    .argument('[file]', 'sealed file; - or nothing: standard input')
    .option('--json', 'one JSON object')
    .addHelpText('after', INSPECT_EXAMPLES)
    .action(async (file: string | undefined, options: { json?: true }) => {
      const { inspect } = await import('./inspect.ts');
      await inspect(file ?? '-', options.json === true, io);
    });
}

function addDescribe(program: Command, io: Io): void {
  addAssetOptions(program.command('describe').description('Show how an asset is protected. Uses no key.'))
    .option('--json', 'one JSON object')
    .addHelpText('after', DESCRIBE_EXAMPLES)
    .action(async (options: AssetOptions & { json?: true }) => {
      const { describe } = await import('./describe.ts');
      await describe(options, options.json === true, io);
    });
}

function addAssetOptions(command: Command): Command {
  return command
    .requiredOption('--account <name>', 'customer')
    .requiredOption('--service <srvId>', 'service that owns the asset: four digits')
    .requiredOption('--type <type>', 'asset type, as in the service catalogue')
    .requiredOption('--id <id>', 'the asset’s identifier within the service; no personal data')
    .option(
      '--sidecar <address>',
      `unix:PATH or localhost:PORT (default: $${ADDRESS_VARIABLE}, else ${DEFAULT_ADDRESS})`,
    );
}

function addOutputOptions(command: Command): Command {
  return command
    .option('-f, --force', 'replace OUT if it exists')
    .option('-q, --quiet', 'no progress, no summary');
}

function reasonOption(reason: Reason): Option {
  const parse = (text: string): Reason => {
    const found = REASONS.find((candidate) => candidate === text.toUpperCase().replaceAll('-', '_'));
    if (found) return found;
    throw new CmkError(
      'INVALID_ARGUMENT',
      `--reason: expected one of ${REASONS.map(toOption).join(', ')}, got ${text}`,
    );
  };
  return new Option(
    '--reason <reason>',
    `why the key is used, for the audit ledger: ${REASONS.map(toOption).join(', ')}`,
  )
    .default(reason, toOption(reason))
    .argParser(parse);
}

function toOption(reason: Reason): string {
  return reason.toLowerCase().replaceAll('_', '-');
}

const OVERVIEW = `
Examples:
  cmk encrypt talk.mp4 talk.mp4.cmk --account acme --service 0001 --type MeetingWebinarRecording --id m-42 --owner u-7
  cmk decrypt talk.mp4.cmk talk.mp4 --account acme --service 0001 --type MeetingWebinarRecording --id m-42
  cmk inspect talk.mp4.cmk
  cmk admin accounts list

Exit codes are listed in docs/cli.md, error codes in docs/errors.md.`;

const ENCRYPT_EXAMPLES = `
Examples:
  Seal a file:
    cmk encrypt talk.mp4 talk.mp4.cmk --account acme --service 0001 --type MeetingWebinarRecording --id m-42 --owner u-7
  Seal a stream, e.g. on its way into object storage:
    produce | cmk encrypt --account acme --service 0001 --type MeetingWebinarRecording --id m-42 --owner u-7 | upload`;

const DECRYPT_EXAMPLES = `
A stream to standard output may fail after part of it was written: that part is authentic, but incomplete. Look at
the exit code before you use it.

Examples:
  Open a file for the legal department:
    cmk decrypt talk.mp4.cmk talk.mp4 --account acme --service 0001 --type MeetingWebinarRecording --id m-42 --reason legal
  Look at the first lines of a sealed transcript:
    cmk decrypt talk.vtt.cmk --account acme --service 0001 --type MeetingWebinarRecording --id m-42 | head`;

const REENCRYPT_EXAMPLES = `
The content is opened and sealed in one pass inside the sidecar. A service that has many such files runs the worker of
the client library instead: docs/integrating.md.

Examples:
  cmk reencrypt talk.mp4.cmk talk-new.mp4.cmk --account acme --service 0001 --type MeetingWebinarRecording --id m-42
  In place:
    cmk reencrypt talk.mp4.cmk talk.mp4.cmk --force --account acme --service 0001 --type MeetingWebinarRecording --id m-42`;

const INSPECT_EXAMPLES = `
Nothing is authenticated without the key: what is shown is what the file says of itself.

Examples:
  cmk inspect talk.mp4.cmk
  download | cmk inspect --json | jq .context`;

const DESCRIBE_EXAMPLES = `
Examples:
  cmk describe --account acme --service 0001 --type MeetingWebinarRecording --id m-42
  cmk describe --account acme --service 0001 --type MeetingWebinarRecording --id m-42 --json | jq -r .protection`;
