import { Option, type Command } from 'commander';
import type { Io } from '../io.ts';
import { Desk, type DeskOptions } from './desk.ts';
import { addAdminOptions } from './options.ts';

/** One command of `cmk admin`, as its help shows it. */
export interface CommandFacts {
  /** Its name and arguments, e.g. `show <key>`. */
  readonly usage: string;
  readonly does: string;
  /** Its own options, in the order of the help. */
  readonly options?: readonly Option[];
  /** What is good to know, then lines of examples. */
  readonly help: string;
}

/** What a command does. `args` are those of the usage; those that are optional may be missing. */
type Run<O> = (desk: Desk, options: O, ...args: string[]) => Promise<void>;

/** Adds what commands of one subject stand under. */
export function addSubject(admin: Command, name: string, does: string): Command {
  return admin.command(name).description(does).helpCommand(false);
}

/** Adds a command of `cmk admin`. What the API refuses is shown as its other answers are. */
export function addCommand<O extends DeskOptions>(
  parent: Command,
  io: Io,
  facts: CommandFacts,
  run: Run<O>,
): void {
  const command = parent.command(facts.usage).description(facts.does);
  for (const option of facts.options ?? []) command.addOption(option);
  addAdminOptions(command.option('--json', 'the API’s answer'))
    .addHelpText('after', `\n${facts.help}`)
    .action(async (...all: unknown[]) => {
      const [options] = all.slice(-2) as [O];
      const desk = await Desk.open(options, io);
      try {
        await run(desk, options, ...(all.slice(0, -2) as string[]));
      } catch (error) {
        await desk.tellRefusal(error);
        throw error;
      }
    });
}

export const ACCOUNT = new Option('--account <name>', 'customer').makeOptionMandatory();
export const YES = new Option('--yes <account>', 'confirm without being asked, by the account’s name');

/** For one page of a list. */
export function pageOptions(of: string): Option[] {
  return [
    new Option('--limit <number>', `${of} to show, from 1 to 1000`).default('100'),
    new Option('--cursor <text>', 'what the page before named: begin behind it'),
  ];
}

/** One of a closed set, as people type it: `decrypt-only` for `DECRYPT_ONLY`. */
export function choice(flags: string, doc: string, values: readonly string[]): Option {
  return new Option(flags, doc).choices(values.map(typed));
}

export function typed(value: string): string {
  return value.toLowerCase().replaceAll('_', '-');
}

/** As the API has it. */
export function meant(value: string): string {
  return value.toUpperCase().replaceAll('-', '_');
}
