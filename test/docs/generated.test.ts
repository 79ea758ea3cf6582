import { readFileSync } from 'node:fs';
import test from 'ava';
import { EXIT_CODES, exitCodeOf } from '../../client/cli/exit-codes.ts';
import { ERROR_CODES, type ErrorCode } from '../../core/errors.ts';
import { GENERATED_PAGES, renderPage } from '../../scripts/generate-docs.ts';
import { cmk } from '../support/cmk-command.ts';

for (const page of GENERATED_PAGES) {
  test(`${page} is as its source says; else run node scripts/generate-docs.ts`, (t) => {
    const text = readFileSync(page, 'utf8');
    t.regex(text, /<!-- generated: /);
    t.is(text, renderPage(text));
  });
}

test('docs/cli.md shows what --help shows', async (t) => {
  const page = squeezed(readFileSync('docs/cli.md', 'utf8'));
  for (const command of [[], ['encrypt'], ['decrypt'], ['inspect'], ['describe']]) {
    const { stdout } = await cmk([...command, '--help']);
    t.true(page.includes(squeezed(stdout.toString())), `cmk ${command.join(' ')} --help`);
  }
});

test('every error code has a row in docs/errors.md and an exit code in docs/cli.md', (t) => {
  const errors = readFileSync('docs/errors.md', 'utf8');
  for (const code of Object.keys(ERROR_CODES) as ErrorCode[]) {
    const { grpc, retryable, meaning } = ERROR_CODES[code];
    t.true(
      errors.includes(
        `| \`${code}\` | ${grpc} | ${retryable ? 'yes' : 'no'} | ${meaning} | ${exitCodeOf(code)} |`,
      ),
      code,
    );
    t.true(exitCodeOf(code) in EXIT_CODES);
    t.not(exitCodeOf(code), 0);
  }
});

/** Lines are broken at different places on terminals of different widths. */
function squeezed(text: string): string {
  return text.replace(/\s+/g, ' ');
}
