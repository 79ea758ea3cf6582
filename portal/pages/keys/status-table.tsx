import { useTranslation } from 'react-i18next';
import type { Key, KeyUse, StatusRecord } from '../../api/types.ts';
import { StatusBadge } from '../../parts/badge.tsx';
import { Cause } from '../../parts/cause.tsx';
import { Table } from '../../parts/table.tsx';
import { Ago } from '../../parts/time.tsx';

/** How each use of the key and of each replica goes. */
export function StatusTable({ of: key }: { readonly of: Key }) {
  const { t } = useTranslation();
  const rows = key.references.map((reference, place) => ({
    reference,
    label: place === 0 ? t('keys.first') : t('keys.replica', { number: place }),
    statuses: key.statuses.filter((each) => each.reference === reference),
  }));
  return (
    <Table
      caption={t('keys.statuses')}
      rows={rows}
      idOf={({ reference }) => reference}
      columns={[
        {
          label: t('keys.reference'),
          cell: ({ reference, label }) => (
            <>
              <span className="muted small">{label}</span>
              <br />
              <span className="ref">{reference}</span>
            </>
          ),
        },
        { label: t('use.ENCRYPT'), cell: ({ statuses }) => <StatusOf use="ENCRYPT" in={statuses} /> },
        { label: t('use.DECRYPT'), cell: ({ statuses }) => <StatusOf use="DECRYPT" in={statuses} /> },
        {
          label: t('keys.lastSuccess'),
          cell: ({ statuses }) => <Ago ms={latest(statuses.map(({ lastSuccessAt }) => lastSuccessAt))} />,
        },
        { label: t('keys.lastFailure'), cell: ({ statuses }) => <LastFailure statuses={statuses} /> },
      ]}
    />
  );
}

function StatusOf({ use, in: statuses }: { readonly use: KeyUse; readonly in: readonly StatusRecord[] }) {
  return <StatusBadge status={statuses.find((each) => each.use === use)?.status ?? 'UNKNOWN'} />;
}

function LastFailure({ statuses }: { readonly statuses: readonly StatusRecord[] }) {
  const lastFailure = latest(statuses.map(({ lastFailureAt }) => lastFailureAt));
  // Of that failure, and not of another use's.
  const cause = statuses.find(({ lastFailureAt }) => lastFailureAt === lastFailure)?.cause ?? null;
  return (
    <span>
      <Ago ms={lastFailure} />
      {cause !== null && <Cause code={cause} />}
    </span>
  );
}

function latest(times: readonly (number | null)[]): number | null {
  const known = times.filter((time) => time !== null);
  return known.length === 0 ? null : Math.max(...known);
}
