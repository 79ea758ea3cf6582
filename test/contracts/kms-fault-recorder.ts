import { readFileSync } from 'node:fs';
import grpc from '@grpc/grpc-js';
import type { ExecutionContext } from 'ava';
import type { KmsError } from '../../broker/kms/provider.ts';
import { toGrpcStatus } from '../../proto/status.ts';
import { FAULT_PAGE, readCells, recordColumn } from '../../scripts/kms-fault-page.ts';
import {
  renderCell,
  ROWS,
  type Column,
  type Note,
  type Observation,
  type Operation,
  type Row,
} from './kms-fault-table.ts';

/** Which column of docs/kms/faults.md a suite keeps true. */
export interface FaultColumnSpec {
  readonly column: Column;
  readonly cannotHappen?: Readonly<Partial<Record<Row, Note>>>;
  readonly notes?: Readonly<Partial<Record<Row, Note>>>;
  /** Another suite sees the whole column; this one sees a part of it, on something closer to the real KMS. */
  readonly partial?: true;
}

/** Collects what a suite sees of faults, and compares it with the page. */
export class FaultRecorder {
  readonly #spec: FaultColumnSpec;
  readonly #observations: Observation[] = [];

  constructor(spec: FaultColumnSpec) {
    this.#spec = spec;
  }

  cannotHappen(row: Row): boolean {
    return this.#spec.cannotHappen?.[row] !== undefined;
  }

  record(row: Row, operation: Operation, error: KmsError): void {
    this.#observations.push({
      row,
      operation,
      cause: error.kmsCause,
      retryable: error.retryable,
      status: grpc.status[toGrpcStatus(error).code],
      retryAfterMs: error.retryAfterMs,
    });
  }

  /** To be called when all else has run. */
  compare(t: ExecutionContext): void {
    const { column, cannotHappen = {}, notes = {}, partial = false } = this.#spec;
    const seen = { column, cannotHappen, notes, observations: this.#observations };
    const rows = Object.keys(ROWS) as Row[];
    const cells = rows.map((row) => [row, renderCell(seen, row)] as const);
    const unseen = cells.filter(([, cell]) => cell === null).map(([row]) => row);
    if (!partial) {
      t.deepEqual(unseen, [], 'every fault is observed, or said to be impossible');
      recordColumn(seen);
    }
    const expected = Object.fromEntries(cells.filter(([, cell]) => cell !== null));
    const page = readCells(readFileSync(FAULT_PAGE, 'utf8'))[column];
    const shown = Object.fromEntries(Object.keys(expected).map((row) => [row, page[row]]));
    t.deepEqual(shown, expected, `${FAULT_PAGE} shows what was observed; else npm run generate`);
  }
}
