import { useTranslation } from 'react-i18next';
import { useHealth, useSidecars } from '../../api/view-queries.ts';
import type { Fleet, Sidecar } from '../../api/types.ts';
import { Badge, type Tone } from '../../parts/badge.tsx';
import { useFormat } from '../../parts/format.ts';
import { Empty } from '../../parts/note.tsx';
import { Paged } from '../../parts/pager.tsx';
import { Card, Page } from '../../parts/page.tsx';
import { Loaded } from '../../parts/query.tsx';
import { Ago, At } from '../../parts/time.tsx';

/** Which brokers and sidecars there are, and when they were heard of. */
export function Health() {
  const { t } = useTranslation();
  const health = useHealth();
  const sidecars = useSidecars();
  return (
    <Page title={t('health.title')} lead={t('health.lead')}>
      <Card title={t('health.brokers')}>
        <Loaded query={health}>{({ brokers }) => <Brokers brokers={brokers} />}</Loaded>
      </Card>
      <Card title={t('health.sidecars')}>
        <Paged query={sidecars}>
          {(pages) => {
            const found = pages.flatMap((page) => page.sidecars);
            return found.length === 0 ? (
              <Empty title={t('health.noSidecars')}>{t('health.noSidecarsWhy')}</Empty>
            ) : (
              <Sidecars sidecars={found} />
            );
          }}
        </Paged>
      </Card>
    </Page>
  );
}

function Brokers({ brokers }: Pick<Fleet, 'brokers'>) {
  const { t } = useTranslation();
  return (
    <table className="table cards">
      <thead>
        <tr>
          <th scope="col">{t('health.host')}</th>
          <th scope="col">{t('health.state')}</th>
          <th scope="col">{t('health.version')}</th>
          <th scope="col">{t('health.startedAt')}</th>
          <th scope="col">{t('health.heardAt')}</th>
        </tr>
      </thead>
      <tbody>
        {brokers.map(({ id, host, state, version, startedAt, heardAt }) => (
          <tr key={id}>
            <th scope="row">{host}</th>
            <td data-label={t('health.state')}>
              <Badge tone={state === 'UP' ? 'ok' : 'bad'}>{t(`health.brokerState.${state}`)}</Badge>
            </td>
            <td data-label={t('health.version')}>{version}</td>
            <td data-label={t('health.startedAt')}>
              <At ms={startedAt} />
            </td>
            <td data-label={t('health.heardAt')}>
              <Ago ms={heardAt} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const TONES: Readonly<Record<Sidecar['state'], Tone>> = { LIVE: 'ok', GAP: 'bad', ENDED: 'muted' };

function Sidecars({ sidecars }: { readonly sidecars: readonly Sidecar[] }) {
  const { t } = useTranslation();
  const { number } = useFormat();
  return (
    <table className="table cards">
      <thead>
        <tr>
          <th scope="col">{t('health.identity')}</th>
          <th scope="col">{t('health.state')}</th>
          <th scope="col">{t('nav.services')}</th>
          <th scope="col" className="num">
            {t('nav.accounts')}
          </th>
          <th scope="col">{t('health.heardAt')}</th>
        </tr>
      </thead>
      <tbody>
        {sidecars.map(({ instance, spiffeId, state, services, accounts, heardAt }) => (
          <tr key={instance}>
            <th scope="row" className="ref">
              {spiffeId}
            </th>
            <td data-label={t('health.state')}>
              <Badge tone={TONES[state]}>{t(`health.sidecarState.${state}`)}</Badge>
            </td>
            <td data-label={t('nav.services')}>{services.join(', ')}</td>
            <td className="num" data-label={t('nav.accounts')}>
              {number(accounts)}
            </td>
            <td data-label={t('health.heardAt')}>
              <Ago ms={heardAt} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
