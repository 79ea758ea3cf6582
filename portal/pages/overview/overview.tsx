import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { useOverview } from '../../api/view-queries.ts';
import type { Overview as Facts } from '../../api/types.ts';
import { LifecycleBadge, StatusBadge } from '../../parts/badge.tsx';
import { useFormat } from '../../parts/format.ts';
import { Card, Page } from '../../parts/page.tsx';
import { keyName } from '../../parts/provider.ts';
import { Loaded } from '../../parts/query.tsx';
import { worstOf } from '../../parts/worst-status.ts';
import { AttentionList } from './attention.tsx';
import { Answer, isUntouched } from './answer.tsx';
import { Beginning } from './beginning.tsx';
import { FallbackState } from './fallback-state.tsx';
import { ProtectionByType } from './protection.tsx';
import { Refusals } from './refusals.tsx';

/** One glance: is my data under my key, are my keys healthy, what needs me. */
export function Overview({ account }: { readonly account: string }) {
  const { t } = useTranslation();
  const overview = useOverview(account);
  return (
    <Page title={t('overview.title')} lead={overview.data?.account.name ?? account}>
      <Loaded query={overview} lines={8}>
        {(facts) => (
          <>
            <Answer facts={facts} />
            {facts.fallback.episode && (
              <FallbackState account={account} episode={facts.fallback.episode} keys={facts.keys} />
            )}
            <Card title={t('overview.attention')}>
              {isUntouched(facts) ? (
                <Beginning account={account} />
              ) : (
                <AttentionList account={account} attention={facts.attention} />
              )}
            </Card>
            <div className="grid">
              <Card title={t('overview.protection')}>
                <ProtectionByType facts={facts} />
              </Card>
              <div className="stack">
                <Card title={t('overview.keys')}>
                  <KeyList account={account} facts={facts} />
                </Card>
                <Card title={t('overview.refusals')}>
                  <Refusals account={account} refusals={facts.refusals} />
                </Card>
              </div>
            </div>
          </>
        )}
      </Loaded>
    </Page>
  );
}

function KeyList({ account, facts }: { readonly account: string; readonly facts: Facts }) {
  const { t } = useTranslation();
  const { number } = useFormat();
  if (facts.keys.length === 0) return <p className="muted">{t('keys.none')}</p>;
  return (
    <ul className="plain">
      {facts.keys.map((key) => (
        <li key={key.id} className="stack-s">
          <div className="spread">
            <Link href={`/accounts/${account}/keys/${key.id}`}>{keyName(key)}</Link>
            <LifecycleBadge lifecycle={key.lifecycle} />
          </div>
          <div className="row small">
            <span className="muted">{t('use.ENCRYPT')}</span>
            <StatusBadge status={worstOf(key, 'ENCRYPT')} />
            <span className="muted">{t('use.DECRYPT')}</span>
            <StatusBadge status={worstOf(key, 'DECRYPT')} />
            <span className="muted">
              {t('count.dataKeys', { count: key.dataKeys, number: number(key.dataKeys) })}
            </span>
          </div>
        </li>
      ))}
    </ul>
  );
}
