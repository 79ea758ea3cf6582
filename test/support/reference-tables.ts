import type { Catalogue } from '../../broker/model/catalogue.ts';
import type { Setting, Settings } from '../../runtime/config.ts';

/** The tables of the reference pages, as the code would write them. */

interface MetricFacts {
  readonly type: string;
  readonly help: string;
  readonly labels: readonly string[];
}

export function settingsTable(settings: Settings): string {
  const rows = Object.values(settings)
    .sort((a, b) => Number(b.default === undefined) - Number(a.default === undefined))
    .map((setting: Setting<unknown>) =>
      row(code(setting.name), preset(setting), setting.expects, setting.doc),
    );
  return [
    row('Setting', 'Default', 'Expects', 'What it does'),
    row('---', '---', '---', '---'),
    ...rows,
  ].join('\n');
}

export function metricsTable(metrics: Readonly<Record<string, MetricFacts>>): string {
  const rows = Object.entries(metrics).map(([name, { type, labels, help }]) =>
    row(code(name), type, labels.map(code).join(', '), help),
  );
  return [row('Metric', 'Type', 'Labels', 'What it tells'), row('---', '---', '---', '---'), ...rows].join(
    '\n',
  );
}

export function servicesTable({ services }: Catalogue): string {
  const rows = services.map(({ srvId, name, types }) => row(code(srvId), name, types.map(code).join(', ')));
  return [row('Service', 'Name', 'Asset types'), row('---', '---', '---'), ...rows].join('\n');
}

function preset(setting: Setting<unknown>): string {
  if (setting.default === undefined) return '**required**';
  return setting.default === null ? '' : code(setting.default);
}

function code(text: string): string {
  return `\`${text}\``;
}

function row(...cells: string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

/** The tables of a page by the headings that they stand under. */
export function tablesOf(page: string): Record<string, string> {
  const sections = page.split(/^## /m).slice(1);
  return Object.fromEntries(
    sections.map((section) => {
      const lines = section.split('\n');
      const table = lines.filter((line) => line.startsWith('|')).join('\n');
      return [lines[0]?.trim() ?? '', table];
    }),
  );
}
