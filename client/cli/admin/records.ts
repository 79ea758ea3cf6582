import { CmkError } from '../../../core/errors.ts';
import { asLedgerRecord, canonicalJson, type LedgerRecord } from '../../../core/ledger.ts';

/** No record is nearly as long. */
const MAX_LINE_BYTES = 64 * 1024;

/**
 * The records of an exported ledger. Each line must be the one encoding that its record has: a line that says
 * something twice, or in another way, would be read in one way by a person and in another by a program.
 * @throws CmkError LEDGER_BROKEN that names the line
 */
export async function* readRecords(
  pieces: AsyncIterable<Uint8Array>,
): AsyncGenerator<LedgerRecord, void, void> {
  let number = 0;
  for await (const line of linesOf(pieces, () => number + 1)) {
    number++;
    yield parse(line, number);
  }
}

async function* linesOf(
  pieces: AsyncIterable<Uint8Array>,
  number: () => number,
): AsyncGenerator<Buffer, void, void> {
  let rest = Buffer.alloc(0);
  for await (const piece of pieces) {
    rest = Buffer.concat([rest, piece]);
    let start = 0;
    for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n', start)) {
      yield rest.subarray(start, end);
      start = end + 1;
    }
    rest = rest.subarray(start);
    if (rest.length > MAX_LINE_BYTES) throw broken(number(), `longer than ${MAX_LINE_BYTES} bytes`);
  }
  if (rest.length > 0) throw broken(number(), 'cut off');
}

function parse(line: Buffer, number: number): LedgerRecord {
  let record: LedgerRecord | null = null;
  try {
    record = asLedgerRecord(JSON.parse(line.toString()));
  } catch {
    // Not JSON: no record either.
  }
  if (!record) throw broken(number, 'no record of a ledger');
  if (!Buffer.from(canonicalJson(record)).equals(line)) throw broken(number, 'not in the canonical encoding');
  return record;
}

function broken(number: number, problem: string): CmkError {
  return new CmkError('LEDGER_BROKEN', `line ${number}: expected a record, got one that is ${problem}`);
}
