import { useTranslation } from 'react-i18next';
import { useServiceName } from '../../api/queries.ts';
import type { BlastRadius } from '../../api/types.ts';
import { useFormat } from '../../parts/format.ts';
import { shortReference } from '../../parts/provider.ts';
import { Table } from '../../parts/table.tsx';
import { useCounts } from './use-counts.ts';

/** What hangs on a key: what becomes unreadable without it, what becomes of new data, and how soon. */
export function BlastRadiusFacts({ radius }: { readonly radius: BlastRadius }) {
  const { t } = useTranslation();
  const { duration } = useFormat();
  return (
    <div className="stack-m">
      <Reach radius={radius} />
      <ByType radius={radius} />
      <dl className="facts">
        <dt>{t('radius.newData')}</dt>
        <dd>{t(`newData.${radius.newData}`)}</dd>
        <dt>{t('radius.leases')}</dt>
        <dd>
          {t('radius.leasesEnd', { within: duration(radius.leaseMs) })}
          {radius.leasesEndInMs !== null && (
            <> {t('radius.leasesLeft', { here: duration(radius.leasesEndInMs) })}</>
          )}
        </dd>
        {radius.references.length > 1 && (
          <>
            <dt>{t('radius.places')}</dt>
            <dd>
              <ul className="plain">
                {radius.references.map(({ reference, othersOpen }) => (
                  <li key={reference}>
                    <span className="ref">{shortReference(reference)}</span>:{' '}
                    {t(othersOpen ? 'radius.othersOpen' : 'radius.alone')}
                  </li>
                ))}
              </ul>
            </dd>
          </>
        )}
      </dl>
    </div>
  );
}

/** For a dialog, whose consequences stand above it. */
export function BlastRadiusTypes({ radius }: { readonly radius: BlastRadius }) {
  const { t } = useTranslation();
  if (radius.types.length === 0) return null;
  return (
    <details>
      <summary className="small">{t('radius.byType')}</summary>
      <ByType radius={radius} />
    </details>
  );
}

export function Reach({ radius }: { readonly radius: BlastRadius }) {
  const { t } = useTranslation();
  const counts = useCounts(radius);
  return <p>{radius.dataKeys === 0 ? t('radius.nothing') : t('radius.protects', counts)}</p>;
}

function ByType({ radius: { types } }: { readonly radius: BlastRadius }) {
  const { t } = useTranslation();
  const { number } = useFormat();
  const serviceName = useServiceName();
  if (types.length === 0) return null;
  return (
    <Table
      caption={t('radius.byType')}
      rows={types}
      idOf={({ srvId, type }) => `${srvId} ${type}`}
      columns={[
        {
          label: t('assets.type'),
          cell: ({ srvId, type }) => (
            <span>
              {type} <span className="muted small thin">{serviceName(srvId)}</span>
            </span>
          ),
        },
        { label: t('radius.assets'), cell: ({ assets }) => number(assets), isNumber: true },
        { label: t('radius.dataKeys'), cell: ({ dataKeys }) => number(dataKeys), isNumber: true },
      ]}
    />
  );
}
