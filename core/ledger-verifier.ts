import { ChainVerifier } from './chain-verifier.ts';
import { ledgerHash, type LedgerRecord } from './ledger.ts';

export { LEDGER_FAULTS } from './chain-verifier.ts';
export type { LedgerFault, LedgerFaultKind } from './chain-verifier.ts';

/** Checks the records of one chain, with Node's hashes. */
export class LedgerVerifier extends ChainVerifier {
  /** As {@link ChainVerifier.addHashed}. */
  add(record: LedgerRecord): boolean {
    return this.addHashed(record, ledgerHash(record));
  }
}
