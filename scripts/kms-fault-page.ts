import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  COLUMNS,
  NOTES,
  renderCell,
  ROWS,
  type Column,
  type FaultColumn,
  type Row,
} from '../test/contracts/kms-fault-table.ts';

export const FAULT_PAGE = 'docs/kms/faults.md';
/** Where the tests of each KMS leave what they saw. */
const RECORDINGS = join('test-output', 'kms-faults');
const GENERATED = /(<!-- generated: kms faults -->\n)([^]*?)(<!-- end -->)/;
const ROW_NAMES = Object.keys(ROWS) as Row[];

/** Cells by column, then by row. */
export type Cells = Readonly<Record<Column, Readonly<Record<string, string>>>>;

/** Leaves what a suite saw for {@link writeFaultPage}. */
export function recordColumn(seen: FaultColumn): void {
  mkdirSync(RECORDINGS, { recursive: true });
  writeFileSync(recordingOf(seen.column), `${JSON.stringify(seen, null, 2)}\n`);
}

/** Columns that no test recorded in the last run. */
export function columnsNotSeen(): readonly Column[] {
  return COLUMNS.filter((column) => !existsSync(recordingOf(column)));
}

/** The cells of a page; a row or a column that it lacks is empty. */
export function readCells(page: string): Cells {
  const lines = (GENERATED.exec(page)?.[2] ?? '').split('\n').filter((line) => line.startsWith('| '));
  const [head = [], , ...rows] = lines.map((line) => line.slice(2, -2).split(' | '));
  const columnOf = (column: Column) =>
    Object.fromEntries(rows.map((cells) => [cells[0] ?? '', cells[head.indexOf(column)] ?? '']));
  return Object.fromEntries(COLUMNS.map((column) => [column, columnOf(column)])) as unknown as Cells;
}

/** @throws Error when a cell is empty */
export function renderFaultPage(page: string, cells: Cells): string {
  const rows = ROW_NAMES.map((row) => [row, ...COLUMNS.map((column) => cellOf(cells, column, row))]);
  const lines = [['', ...COLUMNS], ['---', ...COLUMNS.map(() => '---')], ...rows];
  const table = lines.map((line) => `| ${line.join(' | ')} |`).join('\n');
  const notes = Object.entries(NOTES)
    .filter(([note]) => table.includes(`[^${note}]`))
    .map(([note, text]) => `[^${note}]: ${text}`);
  return page.replace(GENERATED, `$1${[table, ...notes].join('\n\n')}\n$3`);
}

/**
 * Writes what the last tests saw into the page. Columns of KMSs that they did not test stay as they are.
 * @returns the columns that were seen
 */
export function writeFaultPage(): readonly Column[] {
  const page = readFileSync(FAULT_PAGE, 'utf8');
  const cells: Record<Column, Readonly<Record<string, string>>> = { ...readCells(page) };
  const seen = COLUMNS.filter((column) => existsSync(recordingOf(column)));
  for (const column of seen) {
    const recorded = JSON.parse(readFileSync(recordingOf(column), 'utf8')) as FaultColumn;
    cells[column] = Object.fromEntries(ROW_NAMES.map((row) => [row, renderCell(recorded, row) ?? '']));
  }
  writeFileSync(FAULT_PAGE, renderFaultPage(page, cells));
  return seen;
}

function cellOf(cells: Cells, column: Column, row: Row): string {
  const cell = cells[column][row];
  if (cell !== undefined && cell !== '') return cell;
  throw new Error(`${FAULT_PAGE}: nothing known of ${row} at ${column}; run npm test, then npm run generate`);
}

function recordingOf(column: Column): string {
  return join(RECORDINGS, `${column.replace(/[^A-Za-z0-9]+/g, '-')}.json`);
}
