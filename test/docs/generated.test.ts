import { readFileSync } from 'node:fs';
import test from 'ava';
import { BROKER_SETTINGS } from '../../broker/config.ts';
import { BROKER_METRICS, BrokerMetrics } from '../../broker/metrics.ts';
import { EXIT_CODES, exitCodeOf } from '../../client/cli/exit-codes.ts';
import { ERROR_CODES, type ErrorCode } from '../../core/errors.ts';
import { systemClock } from '../../runtime/clock.ts';
import { INJECTOR_SETTINGS } from '../../deploy/injector/config.ts';
import { INJECTOR_METRICS, InjectorMetrics } from '../../deploy/injector/metrics.ts';
import type { Setting } from '../../runtime/config.ts';
import { PROCESS_METRICS, SHARED_METRICS } from '../../runtime/metrics.ts';
import { GENERATED_PAGES, PARTS, renderPage } from '../../scripts/generate-docs.ts';
import { SIDECAR_SETTINGS } from '../../sidecar/config.ts';
import { SIDECAR_METRICS, SidecarMetrics } from '../../sidecar/metrics.ts';
import { cmk } from '../support/cmk-command.ts';

for (const page of GENERATED_PAGES) {
  test(`${page} is as its source says; else run npm run generate`, (t) => {
    const text = readFileSync(page, 'utf8');
    t.regex(text, /<!-- generated: /);
    t.is(text, renderPage(text));
  });
}

test('every part that can be generated stands on a page', (t) => {
  const text = GENERATED_PAGES.map((page) => readFileSync(page, 'utf8')).join('');
  const missing = Object.keys(PARTS).filter((name) => !text.includes(`<!-- generated: ${name} -->`));
  t.deepEqual(missing, []);
});

test('docs/cli.md shows what --help shows', async (t) => {
  const page = squeezed(readFileSync('docs/cli.md', 'utf8'));
  for (const command of [
    [],
    ['encrypt'],
    ['decrypt'],
    ['reencrypt'],
    ['inspect'],
    ['describe'],
    ['admin', 'keys', 'retire'],
  ]) {
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

const REGISTRIES = {
  broker: [{ ...SHARED_METRICS, ...BROKER_METRICS }, new BrokerMetrics(systemClock).registry],
  sidecar: [{ ...SHARED_METRICS, ...SIDECAR_METRICS }, new SidecarMetrics(systemClock).registry],
  injector: [INJECTOR_METRICS, new InjectorMetrics(systemClock).registry],
} as const;

for (const [process, [facts, registry]] of Object.entries(REGISTRIES)) {
  test(`the ${process} registers the metrics that it lists, and no other of ours`, (t) => {
    const ours = registry
      .getMetricsAsArray()
      .map(({ name }) => name)
      .filter((name) => name.startsWith('cmk_'));
    t.deepEqual(ours, Object.keys({ ...PROCESS_METRICS, ...facts }));
  });
}

test('settings say what they do in a sentence, and their defaults are what they expect', (t) => {
  for (const setting of [BROKER_SETTINGS, SIDECAR_SETTINGS, INJECTOR_SETTINGS].flatMap(
    Object.values<Setting<unknown>>,
  )) {
    t.regex(setting.name, /^CMK_[A-Z0-9_]+$/);
    t.regex(setting.doc, /^[A-Z][^]*\.$/, setting.name);
    if (typeof setting.default === 'string') t.not(setting.parse(setting.default), undefined, setting.name);
  }
});

/** Lines are broken at different places on terminals of different widths. */
function squeezed(text: string): string {
  return text.replace(/\s+/g, ' ');
}
