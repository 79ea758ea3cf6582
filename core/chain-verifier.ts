import { EMPTY_CHAIN, type LedgerHead, type LedgerRecord } from './ledger-record.ts';

/** What can be wrong with a ledger. Names of the first record that is not as it was written. */
export const LEDGER_FAULTS = {
  CHANGED: 'the record is not what was written: its hash is not that of its contents',
  REPLACED: 'the record is not what was written: its neighbours vouch for another one in its place',
  MISSING: 'the record was removed',
  OUT_OF_PLACE: 'the record does not stand in its place',
  INSERTED: 'there is another record in this place',
  OTHER_ACCOUNT: 'the record is another account’s',
  TRUNCATED: 'the record and what came after it were cut off',
  BEYOND_HEAD: 'the record comes after the last one that the ledger is known to have',
} as const;

export type LedgerFaultKind = keyof typeof LEDGER_FAULTS;

export interface LedgerFault {
  readonly kind: LedgerFaultKind;
  /** The first bad record, by the place in the chain that is wrong. */
  readonly sequence: number;
  /** The sequence of the record that stands there instead; null when there is none. */
  readonly found: number | null;
  /** The event's id, when the bad record is at hand. */
  readonly id: string | null;
}

/**
 * Checks the records of one chain as they come, oldest first, in constant memory, and names the first that is not as
 * it was written. Who rewrites the chain from some record on to its end, hashes and all, is found only by a head
 * that was kept elsewhere: see {@link ChainVerifier.end}. Whoever uses it computes the hashes: browsers do it in another way
 * than Node.
 */
export class ChainVerifier {
  readonly #account: string | null;
  #last: LedgerHead;
  #lastId: string | null = null;
  #count = 0;
  #fault: LedgerFault | null = null;
  /** Two neighbours that contradict each other: the record after them tells which one is right. */
  #contradiction: { readonly earlier: LedgerFault; readonly later: LedgerFault } | null = null;

  /**
   * @param account whose chain it must be; null: the one without an account
   * @param start the record before the first that will come; default: the chain's beginning
   */
  constructor(account: string | null, start: LedgerHead = EMPTY_CHAIN) {
    this.#account = account;
    this.#last = start;
  }

  /** Records that were in order. */
  get count(): number {
    return this.#count;
  }

  /** The newest record that was in order, or the start. */
  get head(): LedgerHead {
    return this.#last;
  }

  /**
   * Takes the next record.
   * @param ownHash the hash of what it holds, as it was computed here
   * @returns whether to go on: after a fault there is nothing to learn but whether what is missing comes later
   */
  addHashed(record: LedgerRecord, ownHash: string): boolean {
    if (this.#fault) {
      this.#lookForMissing(record);
      return this.#fault.kind === 'MISSING';
    }
    this.#fault = this.#faultOf(record, ownHash);
    if (this.#fault) return this.#fault.kind === 'MISSING';
    this.#last = { sequence: record.sequence, hash: record.hash };
    this.#lastId = idOf(record);
    this.#count++;
    return true;
  }

  /**
   * Ends the verification.
   * @param head the newest record as it is known from elsewhere; without it, records that were cut off at the end
   *   are not missed
   * @returns the first fault; null: every record is as it was written
   */
  end(head: LedgerHead | null = null): LedgerFault | null {
    return this.#fault ?? this.#faultAtEnd(head);
  }

  #faultOf(record: LedgerRecord, ownHash: string): LedgerFault | null {
    const { sequence, previousHash, hash } = record;
    const expected = this.#last.sequence + 1;
    const id = idOf(record);
    const itself = ownHash === hash;
    if (this.#contradiction) {
      const { earlier, later } = this.#contradiction;
      // The later of the two is right if what comes after it was chained to it.
      return itself && sequence === expected && previousHash === this.#last.hash ? earlier : later;
    }
    if (!itself) return { kind: 'CHANGED', sequence: expected, found: sequence, id };
    if ((record.account ?? null) !== this.#account) {
      return { kind: 'OTHER_ACCOUNT', sequence: expected, found: sequence, id };
    }
    if (sequence > expected) return { kind: 'MISSING', sequence: expected, found: sequence, id: null };
    if (sequence < expected) return { kind: 'INSERTED', sequence, found: sequence, id };
    if (previousHash === this.#last.hash) return null;
    const later: LedgerFault = { kind: 'REPLACED', sequence, found: sequence, id };
    // Nobody doubts the start.
    if (this.#count === 0) return later;
    const before = this.#last.sequence;
    const earlier: LedgerFault = { kind: 'REPLACED', sequence: before, found: before, id: this.#lastId };
    this.#contradiction = { earlier, later };
    return null;
  }

  #lookForMissing(record: LedgerRecord): void {
    const fault = this.#fault;
    if (fault?.kind !== 'MISSING' || record.sequence !== fault.sequence) return;
    this.#fault = { ...fault, kind: 'OUT_OF_PLACE', id: idOf(record) };
  }

  #faultAtEnd(head: LedgerHead | null): LedgerFault | null {
    const { sequence, hash } = this.#last;
    if (this.#contradiction) {
      const { earlier, later } = this.#contradiction;
      return head?.sequence === sequence && head.hash !== hash ? later : earlier;
    }
    if (!head) return null;
    if (head.sequence > sequence) return { kind: 'TRUNCATED', sequence: sequence + 1, found: null, id: null };
    if (head.sequence < sequence) {
      return { kind: 'BEYOND_HEAD', sequence: head.sequence + 1, found: sequence, id: null };
    }
    return head.hash === hash ? null : { kind: 'REPLACED', sequence, found: sequence, id: this.#lastId };
  }
}

function idOf(record: LedgerRecord): string | null {
  return typeof record['id'] === 'string' ? record['id'] : null;
}
