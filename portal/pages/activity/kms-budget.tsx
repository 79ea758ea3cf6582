import { useTranslation } from 'react-i18next';
import { useKmsBudget, useUses } from '../../api/view-queries.ts';
import type { KmsBudget as Budget, ReplicaBudget } from '../../api/types.ts';
import { useFormat } from '../../parts/format.ts';
import { Card } from '../../parts/page.tsx';
import { PROVIDER_LABELS } from '../../parts/provider.ts';
import { Loaded } from '../../parts/query.tsx';
import { Table } from '../../parts/table.tsx';
import { UsesChart } from '../../parts/uses-chart.tsx';

/** What KMSs were asked within a day beside what caches served, and how much of what may be asked that is. */
export function KmsBudget({ account }: { readonly account: string }) {
  const { t } = useTranslation();
  const uses = useUses(account, { bucket: 'hour' });
  const budget = useKmsBudget(account);
  return (
    <Card title={t('budget.title')}>
      <div className="stack-m">
        <p className="muted">{t('budget.lead')}</p>
        <Loaded query={uses}>{(found) => <UsesChart uses={found} />}</Loaded>
        <Loaded query={budget} lines={2}>
          {(found) => <Replicas budget={found} />}
        </Loaded>
      </div>
    </Card>
  );
}

function Replicas({ budget }: { readonly budget: Budget }) {
  const { t } = useTranslation();
  const { number, percent } = useFormat();
  if (budget.replicas.length === 0) return null;
  return (
    <div className="stack-s">
      <p className="muted">{t('budget.allCalls')}</p>
      <Table
        caption={t('budget.byKey')}
        rows={budget.replicas}
        idOf={({ kekId, reference }) => `${kekId} ${reference}`}
        columns={[
          {
            label: t('keys.reference'),
            cell: ({ provider, reference }) => (
              <>
                <span className="muted small">{PROVIDER_LABELS[provider]}</span>
                <br />
                <span className="ref">{reference ?? t('assets.platformKey')}</span>
              </>
            ),
          },
          { label: t('budget.calls'), cell: ({ calls }) => number(calls), isNumber: true },
          { label: t('budget.failures'), cell: ({ failures }) => number(failures), isNumber: true },
          {
            label: t('budget.throttled'),
            cell: ({ throttled, limited }) => number(throttled + limited),
            isNumber: true,
          },
          { label: t('budget.quota'), cell: (replica) => <Quota replica={replica} />, isNumber: true },
        ]}
      />
      <p className="muted small">
        {t('budget.limits', {
          calls: number(budget.limits.callsPerSecond),
          share: percent(budget.limits.quotaSharePercent / 100),
        })}
      </p>
    </div>
  );
}

function Quota({ replica: { quota } }: { readonly replica: ReplicaBudget }) {
  const { t } = useTranslation();
  const { number, percent } = useFormat();
  if (!quota) return <span className="muted">{t('budget.noQuota')}</span>;
  return (
    <span title={quota.scope}>
      {t('budget.share', { percent: percent(quota.usedPercent / 100), perSecond: number(quota.perSecond) })}
    </span>
  );
}
