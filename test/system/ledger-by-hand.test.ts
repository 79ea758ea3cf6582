import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { canonicalJson, chainRecord, EMPTY_CHAIN, type LedgerRecord } from '../../core/ledger.ts';

const PYTHON = '/usr/bin/python3';
const run = promisify(execFile);

const DELETE = '\u007f';
/** What people and services may have written; each is a place where encoders of JSON differ. */
const TEXTS = [
  'talk "1"\\2/3',
  'Zoë, 会議, 🎥',
  '\b\f\n\r\t\u0001\u001f',
  '\u0080\u2028\u2029\ufeff',
  '<script>&amp;',
  DELETE,
];

/** The code of docs/ledger.md in one language, whose first line begins so. */
function snippet(language: string, beginning: string): string {
  const page = readFileSync('docs/ledger.md', 'utf8');
  const blocks = [...page.matchAll(/^```(\w+)\n(.*?)^```/gms)];
  const found = blocks.find(([, of, text]) => of === language && text?.startsWith(beginning));
  if (!found?.[2]) throw new Error(`docs/ledger.md has no ${language} that begins with ${beginning}`);
  return found[2];
}

/** A folder with `acme.jsonl`, as `cmk audit export` writes it. */
function exported(t: ExecutionContext, change: (lines: string[]) => void = () => undefined) {
  const dir = mkdtempSync(join(tmpdir(), 'cmk-docs-'));
  t.teardown(() => rmSync(dir, { recursive: true }));
  const records: LedgerRecord[] = [];
  for (const [index, detail] of TEXTS.entries()) {
    const facts = {
      id: `e-${index}`,
      at: 1_795_000_000_000 + index,
      asset: { type: 'T', id: detail },
      detail,
    };
    records.push(chainRecord(facts, records.at(-1) ?? EMPTY_CHAIN));
  }
  const lines = records.map((record) => canonicalJson(record));
  change(lines);
  writeFileSync(join(dir, 'acme.jsonl'), lines.map((line) => `${line}\n`).join(''));
  return { cwd: dir, records };
}

test('one record checked with jq, as docs/ledger.md says', async (t) => {
  const { cwd, records } = exported(t);
  const script = snippet('sh', 'sed -n 3p');
  for (const { sequence, hash, detail } of records) {
    const { stdout } = await run('/bin/sh', ['-c', script.replaceAll('3p', `${sequence}p`)], { cwd });
    const agrees = stdout === `${hash}  -\n${hash}\n`;
    t.is(agrees, detail !== DELETE, `record ${sequence}: ${stdout}`);
  }
});

test('a whole ledger checked with Python, as docs/ledger.md says', async (t) => {
  const script = snippet('python', 'import hashlib');
  const { cwd, records } = exported(t);
  const { stdout } = await run(PYTHON, ['-c', script], { cwd });
  t.is(stdout, `${records.length} ${records.at(-1)?.hash ?? ''}\n`);

  const changed = exported(t, (lines) => (lines[2] = lines[2]?.replace('e-2', 'e-3') ?? ''));
  await t.throwsAsync(run(PYTHON, ['-c', script], changed), { message: /AssertionError: 3/ });
  const removed = exported(t, (lines) => lines.splice(1, 1));
  await t.throwsAsync(run(PYTHON, ['-c', script], removed), { message: /AssertionError: 2/ });
});
