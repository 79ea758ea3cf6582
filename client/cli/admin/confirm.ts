import { CmkError } from '../../../core/errors.ts';
import { printable, readStandardInput, type Io } from '../io.ts';

const MAX_ANSWER_BYTES = 1_000;

export interface Confirmation {
  readonly account: string;
  /** The account that `--yes` names. */
  readonly yes: string | undefined;
  /** What would be done, and what then becomes unreadable; lines. */
  readonly consequences: string;
}

/**
 * Shows what an act would do, and lets it go on only when the account’s name is typed, or given with `--yes`.
 * @throws CmkError INVALID_ARGUMENT when it is not, or there is nobody to ask; CANCELLED
 */
export async function confirm({ account, yes, consequences }: Confirmation, io: Io): Promise<void> {
  io.stderr.write(consequences);
  if (yes !== undefined) {
    if (yes === account) return;
    throw notDone(`--yes: expected ${account}, got ${yes}`);
  }
  if (io.stdin.isTTY !== true || io.stderr.isTTY !== true) {
    throw notDone(`expected --yes ${account}, as there is no terminal to ask on`);
  }
  io.stderr.write(`Type the account’s name (${printable(account)}) to go on: `);
  const answer = await readLine(io);
  if (answer !== account) throw notDone(`expected ${account} to be typed, got ${answer || 'nothing'}`);
}

function notDone(text: string): CmkError {
  return new CmkError('INVALID_ARGUMENT', `${text}: nothing was changed`);
}

async function readLine(io: Io): Promise<string> {
  let bytes = Buffer.alloc(0);
  for await (const piece of readStandardInput(io, () => undefined)) {
    bytes = Buffer.concat([bytes, piece]);
    if (bytes.includes('\n') || bytes.length > MAX_ANSWER_BYTES) break;
  }
  const [line = ''] = bytes.subarray(0, MAX_ANSWER_BYTES).toString().split('\n');
  return line.trim();
}
