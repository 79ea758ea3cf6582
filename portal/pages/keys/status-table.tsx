import { useTranslation } from 'react-i18next';
import type { Key, KeyUse, StatusRecord } from '../../api/types.ts';
import { StatusBadge } from '../../parts/badge.tsx';
import { Ago } from '../../parts/time.tsx';

/** How each use of the key and of each replica goes. */
export function StatusTable({ of: key }: { readonly of: Key }) {
  const { t } = useTranslation();
  return (
    <table className="table cards">
      <thead>
        <tr>
          <th scope="col">{t('keys.reference')}</th>
          <th scope="col">{t('use.ENCRYPT')}</th>
          <th scope="col">{t('use.DECRYPT')}</th>
          <th scope="col">{t('keys.lastSuccess')}</th>
          <th scope="col">{t('keys.lastFailure')}</th>
        </tr>
      </thead>
      <tbody>
        {key.references.map((reference, place) => (
          <ReferenceRow
            key={reference}
            reference={reference}
            label={place === 0 ? t('keys.first') : t('keys.replica', { number: place })}
            statuses={key.statuses.filter((each) => each.reference === reference)}
          />
        ))}
      </tbody>
    </table>
  );
}

function ReferenceRow({
  reference,
  label,
  statuses,
}: {
  readonly reference: string;
  readonly label: string;
  readonly statuses: readonly StatusRecord[];
}) {
  const { t } = useTranslation();
  const of = (use: KeyUse) => statuses.find((status) => status.use === use);
  const latest = (times: readonly (number | null)[]) => {
    const known = times.filter((time) => time !== null);
    return known.length === 0 ? null : Math.max(...known);
  };
  const lastFailure = latest(statuses.map(({ lastFailureAt }) => lastFailureAt));
  // Of that failure, and not of another use's.
  const cause = statuses.find(({ lastFailureAt }) => lastFailureAt === lastFailure)?.cause ?? null;
  return (
    <tr>
      <th scope="row">
        <span className="muted small">{label}</span>
        <br />
        <span className="ref">{reference}</span>
      </th>
      <td data-label={t('use.ENCRYPT')}>
        <StatusBadge status={of('ENCRYPT')?.status ?? 'UNKNOWN'} />
      </td>
      <td data-label={t('use.DECRYPT')}>
        <StatusBadge status={of('DECRYPT')?.status ?? 'UNKNOWN'} />
      </td>
      <td data-label={t('keys.lastSuccess')}>
        <Ago ms={latest(statuses.map(({ lastSuccessAt }) => lastSuccessAt))} />
      </td>
      <td data-label={t('keys.lastFailure')}>
        <span>
          <Ago ms={lastFailure} />
          {cause !== null && <Cause code={cause} />}
        </span>
      </td>
    </tr>
  );
}

/** Why, for people, with the code by which others find it. */
export function Cause({ code }: { readonly code: string }) {
  const { t, i18n } = useTranslation();
  const known = i18n.exists(`cause.${code}`);
  return (
    <span className="small">
      <br />
      {known && `${t(`cause.${code as 'KEY_DISABLED'}`)} `}
      <code>{code}</code>
    </span>
  );
}
