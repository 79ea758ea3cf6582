import type { ReactNode } from 'react';

export interface Column<R> {
  readonly label: string;
  readonly cell: (row: R) => ReactNode;
  /** Numbers stand at the right. */
  readonly isNumber?: boolean;
  readonly className?: string;
}

interface TableProps<R> {
  /** Said to those who do not see the heading above it. */
  readonly caption: string;
  /** The first names the row. */
  readonly columns: readonly [Column<R>, ...Column<R>[]];
  readonly rows: readonly R[];
  readonly idOf: (row: R) => string;
  /** What can be done with a row, at its end. */
  readonly act?: ((row: R) => ReactNode) | null;
}

/** A table; on narrow screens each of its rows is a card. */
export function Table<R>({ caption, columns, rows, idOf, act }: TableProps<R>) {
  const [head, ...others] = columns;
  return (
    <table className="table cards">
      <caption className="hidden">{caption}</caption>
      <thead>
        <tr>
          {columns.map(({ label, isNumber }) => (
            <th key={label} scope="col" className={isNumber ? 'num' : undefined}>
              {label}
            </th>
          ))}
          {act && <td />}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={idOf(row)}>
            <th scope="row" className={head.className}>
              {head.cell(row)}
            </th>
            {others.map(({ label, cell, isNumber, className }) => (
              <td key={label} data-label={label} className={isNumber ? 'num' : className}>
                {cell(row)}
              </td>
            ))}
            {act && <td className="num">{act(row)}</td>}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
