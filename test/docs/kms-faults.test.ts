import { readFileSync } from 'node:fs';
import test from 'ava';
import { FAULT_PAGE, readCells, renderFaultPage } from '../../scripts/kms-fault-page.ts';
import { NOTES, renderCell, ROWS, type FaultColumn, type Observation } from '../contracts/kms-fault-table.ts';

// That the cells are what was observed, each suite of test/contracts/kms.ts says of its own column.

const page = readFileSync(FAULT_PAGE, 'utf8');

test('every cell is an outcome, or cannot happen for a reason', (t) => {
  for (const [column, cells] of Object.entries(readCells(page))) {
    t.deepEqual(Object.keys(cells), Object.keys(ROWS), column);
    for (const [row, cell] of Object.entries(cells)) {
      const outcome = String.raw`\`[A-Z_]+\`, (yes|no|after \d+ s), [A-Z_]+( \([a-z, ]+\))?`;
      const known = new RegExp(
        `^(${outcome}(<br>${outcome})*(\\[\\^[a-z-]+\\])?|cannot happen\\[\\^[a-z-]+\\])$`,
      );
      t.regex(cell, known, `${column}: ${row}`);
    }
  }
});

test('the page is written as npm run generate writes it, and every footnote is used', (t) => {
  t.is(renderFaultPage(page, readCells(page)), page);
  for (const note of Object.keys(NOTES)) t.true(page.includes(`\n[^${note}]: `), note);
  t.notRegex(page, /unknown(?! credentials)/);
});

test('a cell that nobody knows is refused', (t) => {
  const cells = readCells(page);
  const forgotten = { ...cells, 'AWS KMS': { ...cells['AWS KMS'], silence: '' } };
  t.throws(() => renderFaultPage(page, forgotten), { message: /nothing known of silence at AWS KMS/ });
});

const outage: Observation = {
  row: 'silence',
  operation: 'generate',
  cause: 'UNREACHABLE',
  retryable: true,
  status: 'UNAVAILABLE',
  retryAfterMs: null,
};

function column(observations: readonly Observation[]): FaultColumn {
  return { column: 'AWS KMS', observations, cannotHappen: { 'clock skew': 'no-clock' }, notes: {} };
}

test('a cell shows each outcome, with its operations where they differ', (t) => {
  const all = (['generate', 'wrap', 'unwrap', 'describe'] as const).map((operation) => ({
    ...outage,
    operation,
  }));
  t.is(renderCell(column(all), 'silence'), '`UNREACHABLE`, yes, UNAVAILABLE');
  const mixed = all.map((each) =>
    each.operation === 'describe' ? { ...each, cause: 'THROTTLED' as const, retryAfterMs: 7_000 } : each,
  );
  t.is(
    renderCell(column(mixed), 'silence'),
    '`UNREACHABLE`, yes, UNAVAILABLE (generate, wrap, unwrap)<br>`THROTTLED`, after 7 s, UNAVAILABLE (describe)',
  );
  t.is(renderCell(column(all), 'clock skew'), 'cannot happen[^no-clock]');
  t.is(renderCell(column(all), 'reset'), null);
});
