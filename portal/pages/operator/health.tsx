import { useTranslation } from 'react-i18next';
import { useServiceName } from '../../api/queries.ts';
import { useHealth, useSidecars } from '../../api/view-queries.ts';
import type { Fleet, Sidecar } from '../../api/types.ts';
import { Badge, type Tone } from '../../parts/badge.tsx';
import { useFormat } from '../../parts/format.ts';
import { Empty } from '../../parts/note.tsx';
import { Paged } from '../../parts/pager.tsx';
import { Card, Page } from '../../parts/page.tsx';
import { Loaded } from '../../parts/query.tsx';
import { Table } from '../../parts/table.tsx';
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
    <Table
      caption={t('health.brokers')}
      rows={brokers}
      idOf={({ id }) => id}
      columns={[
        { label: t('health.host'), cell: ({ host }) => host },
        {
          label: t('health.state'),
          cell: ({ state }) => (
            <Badge tone={state === 'UP' ? 'ok' : 'bad'}>{t(`health.brokerState.${state}`)}</Badge>
          ),
        },
        { label: t('health.version'), cell: ({ version }) => version },
        { label: t('health.startedAt'), cell: ({ startedAt }) => <At ms={startedAt} /> },
        { label: t('health.heardAt'), cell: ({ heardAt }) => <Ago ms={heardAt} /> },
      ]}
    />
  );
}

const TONES: Readonly<Record<Sidecar['state'], Tone>> = { LIVE: 'ok', GAP: 'bad', ENDED: 'muted' };

function Sidecars({ sidecars }: { readonly sidecars: readonly Sidecar[] }) {
  const { t } = useTranslation();
  const { number, list } = useFormat();
  const serviceName = useServiceName();
  return (
    <Table
      caption={t('health.sidecars')}
      rows={sidecars}
      idOf={({ instance }) => instance}
      columns={[
        { label: t('health.identity'), cell: ({ spiffeId }) => spiffeId, className: 'ref' },
        {
          label: t('health.state'),
          cell: ({ state }) => <Badge tone={TONES[state]}>{t(`health.sidecarState.${state}`)}</Badge>,
        },
        { label: t('nav.services'), cell: ({ services }) => list(services.map(serviceName)) },
        { label: t('nav.accounts'), cell: ({ accounts }) => number(accounts), isNumber: true },
        { label: t('health.heardAt'), cell: ({ heardAt }) => <Ago ms={heardAt} /> },
      ]}
    />
  );
}
