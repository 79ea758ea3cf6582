import { Button, NativeSelect } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useKeys } from '../../api/queries.ts';
import { useActivity } from '../../api/view-queries.ts';
import { ACTIONS, OUTCOMES, REASONS } from '../../api/types.ts';
import { Empty } from '../../parts/note.tsx';
import { Searched } from '../../parts/searched.tsx';
import { Card, Page } from '../../parts/page.tsx';
import { PausingInput } from '../../parts/pausing-input.tsx';
import { keyName } from '../../parts/provider.ts';
import { useFilters } from '../../parts/use-filters.ts';
import { EventTable } from './event-table.tsx';
import { KmsBudget } from './kms-budget.tsx';
import { LedgerProof } from './ledger-proof.tsx';

const FILTERS = ['action', 'outcome', 'reason', 'key', 'id', 'actor', 'since'] as const;
const HOURS = ['1', '24', '168', '720'] as const;

/** The ledger, as people look through it, and the proof that it is as it was written. */
export function Activity({ account }: { readonly account: string }) {
  const { t } = useTranslation();
  const { filters, set, clear } = useFilters(FILTERS);
  const { since, ...query } = filters;
  const activity = useActivity(account, { ...query, from: sinceHours(since), limit: 50 });
  return (
    <Page title={t('activity.title')} lead={t('activity.lead')}>
      <LedgerProof account={account} />
      <KmsBudget account={account} />
      <Card title={t('activity.events')}>
        <div className="stack">
          <FilterFields account={account} filters={filters} set={set} clear={clear} />
          <Searched key={JSON.stringify(filters)} query={activity} countOf={({ events }) => events.length}>
            {(pages, { isWhole, isSearching }) => {
              const events = pages.flatMap((page) => page.events);
              if (events.length > 0) return <EventTable account={account} events={events} />;
              if (isSearching) return null;
              return (
                <Empty title={t(isWhole ? 'activity.none' : 'activity.noneYet')}>
                  {t(isWhole ? 'activity.noneWhy' : 'activity.noneYetWhy')}
                </Empty>
              );
            }}
          </Searched>
        </div>
      </Card>
    </Page>
  );
}

/** To the minute, so that the same question stays the same. */
function sinceHours(since: string): number | undefined {
  if (since === '') return undefined;
  return Math.floor((Date.now() - Number(since) * 3_600_000) / 60_000) * 60_000;
}

interface FilterProps {
  readonly account: string;
  readonly filters: Readonly<Record<(typeof FILTERS)[number], string>>;
  readonly set: (name: (typeof FILTERS)[number], value: string) => void;
  readonly clear: () => void;
}

function FilterFields({ account, filters, set, clear }: FilterProps) {
  const { t } = useTranslation();
  const keys = useKeys(account);
  const isNarrowed = FILTERS.some((name) => filters[name] !== '');
  const select = (
    name: (typeof FILTERS)[number],
    label: string,
    data: { value: string; label: string }[],
  ) => (
    <NativeSelect
      label={label}
      value={filters[name]}
      onChange={(event) => set(name, event.currentTarget.value)}
      data={[{ value: '', label: t('common.all') }, ...data]}
    />
  );
  return (
    <div className="filters" role="search" aria-label={t('activity.filter')}>
      {select(
        'since',
        t('activity.since'),
        HOURS.map((value) => ({ value, label: t(`activity.hours.${value}`) })),
      )}
      {select(
        'action',
        t('activity.what'),
        ACTIONS.map((value) => ({ value, label: t(`action.${value}`) })),
      )}
      {select(
        'outcome',
        t('activity.outcome'),
        OUTCOMES.map((value) => ({ value, label: t(`outcome.${value}`) })),
      )}
      {select(
        'reason',
        t('activity.reason'),
        REASONS.map((value) => ({ value, label: t(`reason.${value}`) })),
      )}
      {select(
        'key',
        t('assets.key'),
        (keys.data ?? []).map((key) => ({ value: key.id, label: keyName(key) })),
      )}
      <PausingInput label={t('assets.id')} value={filters.id} onChange={(value) => set('id', value)} />
      <PausingInput
        label={t('activity.actor')}
        value={filters.actor}
        onChange={(value) => set('actor', value)}
      />
      {isNarrowed && (
        <Button variant="default" onClick={clear}>
          {t('activity.clear')}
        </Button>
      )}
    </div>
  );
}
