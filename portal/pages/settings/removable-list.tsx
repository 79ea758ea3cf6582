import { Button } from '@mantine/core';
import type { UseQueryResult } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { useAct } from '../../api/act.ts';
import { change } from '../../api/client.ts';
import { useMayAct } from '../../api/session.tsx';
import { Loaded } from '../../parts/query.tsx';
import { Table, type Column } from '../../parts/table.tsx';
import { TypedConfirm } from '../../parts/typed-confirm.tsx';

interface Removal<R> {
  /** Where a row is deleted. */
  readonly address: (row: R) => string;
  readonly act: string;
  /** The same with the row's name, for those who hear the button alone. */
  readonly actOne: (row: R) => string;
  readonly title: (row: R) => string;
  /** What it does, before it is confirmed. */
  readonly means: (row: R) => ReactNode;
  readonly done: string;
}

interface RemovableListProps<R> {
  readonly account: string;
  readonly caption: string;
  /** Said when there is nothing in it. */
  readonly none: string;
  readonly query: UseQueryResult<R[]>;
  readonly columns: readonly [Column<R>, ...Column<R>[]];
  readonly idOf: (row: R) => string;
  readonly removal: Removal<R>;
}

/** A list of which those who may can remove one after they have read what that does. */
export function RemovableList<R>(props: RemovableListProps<R>) {
  const { account, caption, none, query, columns, idOf, removal } = props;
  const mayAct = useMayAct();
  const [removing, setRemoving] = useState<R | null>(null);
  const remove = useAct({
    account,
    run: (row: R) => change('DELETE', removal.address(row)),
    done: () => removal.done,
    onDone: () => setRemoving(null),
  });
  return (
    <>
      <Loaded query={query} lines={2}>
        {(rows) =>
          rows.length === 0 ? (
            <p>{none}</p>
          ) : (
            <Table
              caption={caption}
              columns={columns}
              rows={rows}
              idOf={idOf}
              act={
                mayAct
                  ? (row) => (
                      <Button
                        size="compact-sm"
                        variant="default"
                        aria-label={removal.actOne(row)}
                        onClick={() => {
                          remove.reset();
                          setRemoving(row);
                        }}
                      >
                        {removal.act}
                      </Button>
                    )
                  : null
              }
            />
          )
        }
      </Loaded>
      <TypedConfirm
        opened={removing !== null}
        onClose={() => setRemoving(null)}
        title={removing === null ? '' : removal.title(removing)}
        phrase={null}
        act={removal.act}
        danger
        pending={remove.isPending}
        error={remove.error}
        onConfirm={() => removing !== null && remove.mutate(removing)}
      >
        {removing !== null && removal.means(removing)}
      </TypedConfirm>
    </>
  );
}
