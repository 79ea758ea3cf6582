import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useState, type SyntheticEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { useServiceName, useServices } from '../../api/queries.ts';
import { useAssets } from '../../api/view-queries.ts';
import { PROTECTIONS, type ListedAsset } from '../../api/types.ts';
import { ProtectionBadge } from '../../parts/badge.tsx';
import { Empty } from '../../parts/note.tsx';
import { Paged } from '../../parts/pager.tsx';
import { Card, Page } from '../../parts/page.tsx';
import { shortReference } from '../../parts/provider.ts';
import { Table } from '../../parts/table.tsx';
import { At } from '../../parts/time.tsx';
import { useFilters } from '../../parts/use-filters.ts';
import { assetPath } from './asset-path.ts';

const FILTERS = ['type', 'idPrefix', 'protection'] as const;
type Filters = Readonly<Record<(typeof FILTERS)[number], string>>;

/** Where one asset is found by its type and id. */
export function Assets({ account }: { readonly account: string }) {
  const { t } = useTranslation();
  const { filters, set } = useFilters(FILTERS);
  const [srvId, type] = filters.type.split('/');
  const { protection, idPrefix } = filters;
  const assets = useAssets(account, { srvId, type, protection, idPrefix, limit: 50 });
  return (
    <Page title={t('assets.title')} lead={t('assets.lead')}>
      <Card>
        <Search filters={filters} set={set} />
      </Card>
      <Card>
        <Paged query={assets}>
          {(pages) => {
            const found = pages.flatMap((page) => page.assets);
            return found.length === 0 ? (
              <Empty title={t('assets.none')}>{t('assets.noneWhy')}</Empty>
            ) : (
              <List account={account} assets={found} />
            );
          }}
        </Paged>
      </Card>
    </Page>
  );
}

function Search({ filters, set }: { filters: Filters; set: (name: keyof Filters, value: string) => void }) {
  const { t } = useTranslation();
  const services = useServices();
  const [prefix, setPrefix] = useState(filters.idPrefix);
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    set('idPrefix', prefix.trim());
  };
  const types = (services.data ?? []).flatMap((service) =>
    service.types.map((type) => ({
      value: `${service.srvId}/${type}`,
      label: `${type} (${service.name})`,
    })),
  );
  return (
    <form role="search" aria-label={t('assets.find')} onSubmit={submit}>
      <div className="filters">
        <TextInput
          label={t('assets.idPrefix')}
          value={prefix}
          onChange={(event) => setPrefix(event.currentTarget.value)}
          autoComplete="off"
          spellCheck={false}
        />
        <NativeSelect
          label={t('assets.type')}
          value={filters.type}
          onChange={(event) => set('type', event.currentTarget.value)}
          data={[{ value: '', label: t('common.all') }, ...types]}
        />
        <NativeSelect
          label={t('assets.protection')}
          value={filters.protection}
          onChange={(event) => set('protection', event.currentTarget.value)}
          data={[
            { value: '', label: t('common.all') },
            ...PROTECTIONS.map((each) => ({ value: each, label: t(`protection.${each}`) })),
          ]}
        />
        <Button type="submit">{t('assets.search')}</Button>
      </div>
    </form>
  );
}

function List({ account, assets }: { readonly account: string; readonly assets: readonly ListedAsset[] }) {
  const { t } = useTranslation();
  const serviceName = useServiceName();
  return (
    <Table
      caption={t('assets.title')}
      rows={assets}
      idOf={({ asset }) => `${asset.srvId} ${asset.type} ${asset.id}`}
      columns={[
        {
          label: t('assets.id'),
          cell: ({ asset }) => (
            <Link href={assetPath(account, asset)} className="ref">
              {asset.id}
            </Link>
          ),
        },
        {
          label: t('assets.type'),
          cell: ({ asset }) => (
            <span>
              {asset.type} <span className="muted small">{serviceName(asset.srvId)}</span>
            </span>
          ),
        },
        {
          label: t('assets.protection'),
          cell: ({ protection }) => <ProtectionBadge protection={protection} />,
        },
        {
          label: t('assets.key'),
          cell: ({ key, generation }) => (
            <span className="small">
              {key.reference === null ? t('assets.platformKey') : shortReference(key.reference)}
              {generation > 1 && ` · ${t('assets.generation', { number: generation })}`}
            </span>
          ),
        },
        { label: t('assets.madeAt'), cell: ({ madeAt }) => <At ms={madeAt} /> },
      ]}
    />
  );
}
