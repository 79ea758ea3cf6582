// Writes the generated parts of docs/: what stands between `<!-- generated: NAME -->` and `<!-- end -->`.
import { readFileSync, writeFileSync } from 'node:fs';
import { extname } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import type { Command } from 'commander';
import { BROKER_SETTINGS } from '../broker/config.ts';
import { VERIFICATION_STEPS } from '../broker/keys/verify-key.ts';
import { AWS_ADVICE } from '../broker/kms/aws/advice.ts';
import { AZURE_ADVICE } from '../broker/kms/azure/advice.ts';
import { OCI_ADVICE } from '../broker/kms/oci/advice.ts';
import { PKCS11_ADVICE } from '../broker/kms/pkcs11/advice.ts';
import type { KmsAdvice } from '../broker/kms/provider.ts';
import { TRANSIT_ADVICE } from '../broker/kms/transit/advice.ts';
import { BROKER_METRICS } from '../broker/metrics.ts';
import { DEFAULT_CATALOGUE } from '../broker/model/catalogue.ts';
import { EXIT_CODES, exitCodeOf } from '../client/cli/exit-codes.ts';
import { buildProgram } from '../client/cli/program.ts';
import { ERROR_CODES, type ErrorCode } from '../core/errors.ts';
import { ANNOTATIONS } from '../deploy/injector/annotations.ts';
import { INJECTOR_SETTINGS } from '../deploy/injector/config.ts';
import { INJECTOR_METRICS } from '../deploy/injector/metrics.ts';
import type { Settings } from '../runtime/config.ts';
import { PROCESS_METRICS, SHARED_METRICS, type MetricTable } from '../runtime/metrics.ts';
import { SIDECAR_SETTINGS } from '../sidecar/config.ts';
import { SIDECAR_METRICS } from '../sidecar/metrics.ts';
import { FAULT_PAGE, writeFaultPage } from './kms-fault-page.ts';
import { SET_UP_PARTS } from './set-up-parts.ts';

/** Pages with generated parts. */
export const GENERATED_PAGES = [
  'docs/errors.md',
  'docs/cli.md',
  'docs/integrating.md',
  'docs/configuration.md',
  'docs/metrics.md',
  'docs/deploying.md',
  'docs/kms/aws.md',
  'docs/kms/azure.md',
  'docs/kms/oci.md',
  'docs/kms/transit.md',
  'docs/kms/pkcs11.md',
] as const;

/** What can be generated, by name; a name that is not here is a file’s. */
export const PARTS: Readonly<Record<string, () => string>> = {
  'error codes': errorTable,
  'exit codes': () => table(['exit code', 'meaning'], Object.entries(EXIT_CODES)),
  help: helpTexts,
  'broker settings': () => settingsTable(BROKER_SETTINGS),
  'sidecar settings': () => settingsTable(SIDECAR_SETTINGS),
  services: servicesTable,
  annotations: annotationTable,
  'injector settings': () => settingsTable(INJECTOR_SETTINGS),
  'process metrics': () => metricsTable(PROCESS_METRICS),
  'shared metrics': () => metricsTable(SHARED_METRICS),
  'verification steps': () => table(['Step', 'What it proves'], codeFirst(VERIFICATION_STEPS)),
  'aws advice': () => adviceTable(AWS_ADVICE),
  'azure advice': () => adviceTable(AZURE_ADVICE),
  'oci advice': () => adviceTable(OCI_ADVICE),
  'transit advice': () => adviceTable(TRANSIT_ADVICE),
  'pkcs11 advice': () => adviceTable(PKCS11_ADVICE),
  'broker metrics': () => metricsTable(BROKER_METRICS),
  'sidecar metrics': () => metricsTable(SIDECAR_METRICS),
  'injector metrics': () => metricsTable(INJECTOR_METRICS),
  ...Object.fromEntries(
    Object.entries(SET_UP_PARTS).map(([name, make]) => [name, () => fenced(make().language, make().text)]),
  ),
};

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
  return PARTS[name]?.() ?? fenced(extname(name).slice(1), readFileSync(name, 'utf8'));
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
  return withSubcommands(program)
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

function withSubcommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withSubcommands)];
}

/** What must be set comes first. */
function settingsTable(settings: Settings): string {
  const rows = Object.values(settings)
    .sort((a, b) => Number(b.default === undefined) - Number(a.default === undefined))
    .map(({ name, default: preset, expects, doc }) => {
      const shown = preset === undefined ? '**required**' : preset === null ? '' : code(preset);
      return [code(name), shown, expects, doc];
    });
  return table(['Setting', 'Default', 'Expects', 'What it does'], rows);
}

function metricsTable(metrics: MetricTable): string {
  const rows = Object.entries(metrics).map(([name, { type, labels, help }]) => [
    code(name),
    type,
    labels.map(code).join(', '),
    help,
  ]);
  return table(['Metric', 'Type', 'Labels', 'What it tells'], rows);
}

function adviceTable(advice: KmsAdvice): string {
  return table(['Cause', 'What to do next'], codeFirst(advice));
}

function codeFirst(texts: Readonly<Record<string, string>>): string[][] {
  return Object.entries(texts).map(([name, text]) => [code(name), text]);
}

function servicesTable(): string {
  const rows = DEFAULT_CATALOGUE.services.map(({ srvId, name, types }) => [
    code(srvId),
    name,
    types.map(code).join(', '),
  ]);
  return table(['Service', 'Name', 'Asset types'], rows);
}

function annotationTable(): string {
  const rows = Object.values(ANNOTATIONS).map(({ name, expects, unset }) => [code(name), expects, unset]);
  return table(['Annotation', 'Expects', 'If it is not set'], rows);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`)
    .join('\n');
}

function code(text: string): string {
  return `\`${text}\``;
}

function fenced(language: string, text: string): string {
  return `\`\`\`${language}\n${text.trimEnd()}\n\`\`\``;
}

if (import.meta.main) {
  for (const page of GENERATED_PAGES) writeFileSync(page, renderPage(readFileSync(page, 'utf8')));
  const seen = writeFaultPage();
  console.log(
    `${FAULT_PAGE}: from the last tests of ${seen.length > 0 ? seen.join(', ') : 'no KMS'}; the rest as it was`,
  );
}
