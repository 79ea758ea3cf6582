import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { useServiceName } from '../../api/queries.ts';
import { useAsset, useHistory } from '../../api/view-queries.ts';
import type { AssetDetails, DataKeyState, KeyName } from '../../api/types.ts';
import { Badge, LifecycleBadge, ProtectionBadge, type Tone } from '../../parts/badge.tsx';
import { Empty } from '../../parts/note.tsx';
import { Searched } from '../../parts/searched.tsx';
import { Card, Page } from '../../parts/page.tsx';
import { Loaded } from '../../parts/query.tsx';
import { Table } from '../../parts/table.tsx';
import { At } from '../../parts/time.tsx';
import { EventTable } from '../activity/event-table.tsx';

interface Props {
  readonly account: string;
  readonly srvId: string;
  readonly type: string;
  readonly id: string;
}

/** One asset: how it is protected, by which key and generation, who read it and why. */
export function OneAsset({ account, srvId, type, id }: Props) {
  const { t } = useTranslation();
  const serviceName = useServiceName();
  const asset = useAsset(account, srvId, type, id);
  const history = useHistory(account, srvId, type, id);
  return (
    <Page
      title={id}
      lead={`${type} · ${serviceName(srvId)} (${srvId})`}
      back={{ to: `/accounts/${account}/assets`, label: t('assets.title') }}
      actions={asset.data && <ProtectionBadge protection={asset.data.protection} />}
    >
      <Loaded query={asset}>
        {(found) => (
          <>
            <Card title={t('asset.protection')}>
              <Protection account={account} of={found} />
            </Card>
            <Card title={t('asset.dataKeys')}>
              <DataKeys account={account} of={found} />
            </Card>
          </>
        )}
      </Loaded>
      {asset.data && (
        <Card title={t('asset.history')}>
          <Searched query={history} countOf={({ events }) => events.length}>
            {(pages, { isSearching }) => {
              const events = pages.flatMap((page) => page.events);
              if (events.length > 0) return <EventTable events={events} account={account} ofAsset />;
              return isSearching ? null : <Empty title={t('asset.noHistory')} />;
            }}
          </Searched>
        </Card>
      )}
    </Page>
  );
}

function Protection({ account, of: asset }: { readonly account: string; readonly of: AssetDetails }) {
  const { t } = useTranslation();
  return (
    <div className="stack-m">
      <p>{t(`asset.means.${asset.protection}`)}</p>
      <dl className="facts">
        <dt>{t('assets.key')}</dt>
        <dd className="row">
          <KeyLink account={account} of={asset.key} />
          {!asset.key.platform && <LifecycleBadge lifecycle={asset.key.lifecycle} />}
        </dd>
        <dt>{t('asset.generation')}</dt>
        <dd>{asset.generation}</dd>
        <dt>{t('asset.owner')}</dt>
        <dd>{asset.owner ?? <span className="muted">{t('asset.noOwner')}</span>}</dd>
        <dt>{t('asset.madeAt')}</dt>
        <dd>
          <At ms={asset.madeAt} />
        </dd>
      </dl>
    </div>
  );
}

const TONES: Readonly<Record<DataKeyState, Tone>> = {
  CURRENT: 'ok',
  TO_GIVE_WAY: 'warn',
  OLDER: 'info',
  DESTROYED: 'muted',
};

function DataKeys({ account, of: asset }: { readonly account: string; readonly of: AssetDetails }) {
  const { t } = useTranslation();
  return (
    <Table
      caption={t('asset.dataKeys')}
      rows={asset.dataKeys}
      idOf={({ id }) => id}
      columns={[
        { label: t('asset.generation'), cell: ({ generation }) => generation },
        {
          label: t('asset.state'),
          cell: ({ state }) => <Badge tone={TONES[state]}>{t(`dataKeyState.${state}`)}</Badge>,
        },
        { label: t('assets.key'), cell: ({ key }) => <KeyLink account={account} of={key} /> },
        { label: t('asset.made'), cell: ({ madeAt }) => <At ms={madeAt} /> },
        { label: t('asset.destroyedAt'), cell: ({ destroyedAt }) => <At ms={destroyedAt} /> },
      ]}
    />
  );
}

function KeyLink({ account, of: key }: { readonly account: string; readonly of: KeyName }) {
  const { t } = useTranslation();
  if (key.reference === null) return <span>{t('assets.platformKey')}</span>;
  return (
    <Link href={`/accounts/${account}/keys/${key.id}`} className="ref">
      {key.reference}
    </Link>
  );
}
