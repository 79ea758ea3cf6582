import { useTranslation } from 'react-i18next';
import type { BlastRadius } from '../../api/types.ts';
import { useFormat } from '../../parts/format.ts';

/** What becomes unreadable without the key, in numbers. */
export function BlastRadiusFacts({ radius }: { readonly radius: BlastRadius }) {
  const { t } = useTranslation();
  const { number, duration } = useFormat();
  return (
    <div className="stack-m">
      <p>
        {radius.dataKeys === 0
          ? t('radius.nothing')
          : t('radius.protects', {
              assets: t('count.assets', { count: radius.assets, number: number(radius.assets) }),
              dataKeys: t('count.dataKeys', { count: radius.dataKeys, number: number(radius.dataKeys) }),
            })}
      </p>
      {radius.types.length > 0 && (
        <table className="table cards">
          <caption className="hidden">{t('radius.byType')}</caption>
          <thead>
            <tr>
              <th scope="col">{t('assets.type')}</th>
              <th scope="col" className="num">
                {t('radius.assets')}
              </th>
              <th scope="col" className="num">
                {t('radius.dataKeys')}
              </th>
            </tr>
          </thead>
          <tbody>
            {radius.types.map(({ srvId, type, assets, dataKeys }) => (
              <tr key={`${srvId} ${type}`}>
                <th scope="row">
                  {type} <span className="muted small">{srvId}</span>
                </th>
                <td className="num" data-label={t('radius.assets')}>
                  {number(assets)}
                </td>
                <td className="num" data-label={t('radius.dataKeys')}>
                  {number(dataKeys)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <dl className="facts">
        <dt>{t('radius.newData')}</dt>
        <dd>{t(`newData.${radius.newData}`)}</dd>
        <dt>{t('radius.leases')}</dt>
        <dd>
          {radius.leasesEndInMs === null
            ? t('radius.noLeases', { within: duration(radius.leaseMs) })
            : t('radius.someLeases', {
                here: duration(radius.leasesEndInMs),
                within: duration(radius.leaseMs),
              })}
        </dd>
      </dl>
      {radius.references.length > 1 && (
        <ul className="plain">
          {radius.references.map(({ reference, othersOpen }) => (
            <li key={reference}>
              <span className="ref">{reference}</span>
              <br />
              <span className="muted small">{t(othersOpen ? 'radius.othersOpen' : 'radius.alone')}</span>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
