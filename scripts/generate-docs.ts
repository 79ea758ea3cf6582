// Writes the generated parts of docs/: what stands between `<!-- generated: NAME -->` and `<!-- end -->`.
import { readFileSync, writeFileSync } from 'node:fs';
import { extname } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { EXIT_CODES, exitCodeOf } from '../client/cli/exit-codes.ts';
import { buildProgram } from '../client/cli/program.ts';
import { ERROR_CODES, type ErrorCode } from '../core/errors.ts';

/** Pages with generated parts. */
export const GENERATED_PAGES = ['docs/errors.md', 'docs/cli.md', 'docs/integrating.md'] as const;

/** A page as it should be, given as it is. */
export function renderPage(text: string): string {
  return text.replace(
    /(<!-- generated: (.*?) -->\n)[^]*?(<!-- end -->)/g,
    (_, begin: string, name: string, end: string) => {
      return `${begin}${renderPart(name)}\n${end}`;
    },
  );
}

function renderPart(name: string): string {
  switch (name) {
    case 'error codes':
      return errorTable();
    case 'exit codes':
      return table(['exit code', 'meaning'], Object.entries(EXIT_CODES));
    case 'help':
      return helpTexts();
    default:
      return fenced(extname(name).slice(1), readFileSync(name, 'utf8'));
  }
}

function errorTable(): string {
  const rows = (Object.keys(ERROR_CODES) as ErrorCode[]).map((code) => {
    const { grpc, retryable, meaning } = ERROR_CODES[code];
    return [`\`${code}\``, grpc, retryable ? 'yes' : 'no', meaning, String(exitCodeOf(code))];
  });
  return table(['code', 'gRPC status', 'retry', 'meaning', 'exit'], rows);
}

function helpTexts(): string {
  const io = {
    stdin: Readable.from([]),
    stdout: new PassThrough(),
    stderr: new PassThrough(),
    env: {},
    signal: new AbortController().signal,
  };
  const program = buildProgram(io);
  return [program, ...program.commands]
    .map((command) => {
      let help = '';
      // The width of no terminal in particular; and the examples too, which helpInformation leaves out.
      command
        .configureOutput({ writeOut: (text) => (help += text), getOutHelpWidth: () => 100 })
        .outputHelp();
      return fenced('text', help);
    })
    .join('\n\n');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function fenced(language: string, text: string): string {
  return `\`\`\`${language}\n${text.trimEnd()}\n\`\`\``;
}

if (import.meta.main) {
  for (const page of GENERATED_PAGES) writeFileSync(page, renderPage(readFileSync(page, 'utf8')));
}
