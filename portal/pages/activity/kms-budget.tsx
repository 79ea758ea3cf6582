import { useTranslation } from 'react-i18next';
import { useKmsBudget, useUses } from '../../api/view-queries.ts';
import type { KmsBudget as Budget, ReplicaBudget } from '../../api/types.ts';
import { useFormat } from '../../parts/format.ts';
import { Card } from '../../parts/page.tsx';
import { PROVIDER_LABELS } from '../../parts/provider.ts';
import { Loaded } from '../../parts/query.tsx';
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
      <table className="table cards">
        <caption className="hidden">{t('budget.byKey')}</caption>
        <thead>
          <tr>
            <th scope="col">{t('keys.reference')}</th>
            <th scope="col" className="num">
              {t('budget.calls')}
            </th>
            <th scope="col" className="num">
              {t('budget.failures')}
            </th>
            <th scope="col" className="num">
              {t('budget.throttled')}
            </th>
            <th scope="col" className="num">
              {t('budget.quota')}
            </th>
          </tr>
        </thead>
        <tbody>
          {budget.replicas.map((replica) => (
            <tr key={`${replica.kekId} ${replica.reference}`}>
              <th scope="row">
                <span className="muted small">{PROVIDER_LABELS[replica.provider]}</span>
                <br />
                <span className="ref">{replica.reference ?? t('assets.platformKey')}</span>
              </th>
              <td className="num" data-label={t('budget.calls')}>
                {number(replica.calls)}
              </td>
              <td className="num" data-label={t('budget.failures')}>
                {number(replica.failures)}
              </td>
              <td className="num" data-label={t('budget.throttled')}>
                {number(replica.throttled + replica.limited)}
              </td>
              <td className="num" data-label={t('budget.quota')}>
                <Quota replica={replica} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
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
