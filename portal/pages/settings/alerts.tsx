import { useTranslation } from 'react-i18next';
import { useAct } from '../../api/act.ts';
import { change, path } from '../../api/client.ts';
import { useMayAct } from '../../api/session.tsx';
import type { Alert, Delivery } from '../../api/types.ts';
import { useAlerts } from '../../api/view-queries.ts';
import { ActButton } from '../../parts/act-button.tsx';
import { Badge, type Tone } from '../../parts/badge.tsx';
import { Paged } from '../../parts/pager.tsx';
import { ProblemNote } from '../../parts/problem.tsx';
import { Table } from '../../parts/table.tsx';
import { Ago, At } from '../../parts/time.tsx';
import { useAlertWords } from './alert-words.ts';

/** What contacts and webhooks were told, and whether it reached them. */
export function Alerts({ account }: { readonly account: string }) {
  const { t } = useTranslation();
  const mayAct = useMayAct();
  const alerts = useAlerts(account);
  const words = useAlertWords();
  return (
    <div className="stack-m">
      <p className="muted">{t('alerts.lead')}</p>
      {mayAct && <TestAlert account={account} />}
      <Paged query={alerts}>
        {(pages) => {
          const found = pages.flatMap((page) => page.alerts);
          return found.length === 0 ? (
            <p>{t('alerts.none')}</p>
          ) : (
            <Table
              caption={t('alerts.title')}
              rows={found}
              idOf={({ id }) => id}
              columns={[
                { label: t('alerts.what'), cell: ({ facts }) => words(facts), className: 'wraps' },
                { label: t('activity.at'), cell: ({ at }) => <At ms={at} /> },
                { label: t('alerts.told'), cell: ({ deliveries }) => <Deliveries of={deliveries} /> },
              ]}
            />
          );
        }}
      </Paged>
    </div>
  );
}

function TestAlert({ account }: { readonly account: string }) {
  const { t } = useTranslation();
  const act = useAct({
    account,
    run: () => change<{ alert: Alert }>('POST', path('accounts', account, 'alerts', 'test')),
    done: () => t('alerts.testSent'),
  });
  return (
    <div className="stack-s">
      <div className="row">
        <ActButton variant="default" pending={act.isPending} onClick={() => act.mutate(undefined)}>
          {t('alerts.test')}
        </ActButton>
        <span className="muted small">{t('alerts.testMeans')}</span>
      </div>
      {act.error && <ProblemNote error={act.error} />}
    </div>
  );
}

const TONES: Readonly<Record<Delivery['state'], Tone>> = {
  PENDING: 'info',
  DELIVERED: 'ok',
  FAILED: 'bad',
  NOT_CONFIGURED: 'warn',
};

function Deliveries({ of: deliveries }: { readonly of: readonly Delivery[] }) {
  const { t } = useTranslation();
  if (deliveries.length === 0) return <span className="muted">{t('alerts.nobody')}</span>;
  return (
    <ul className="plain">
      {deliveries.map(({ channel, recipient, state, problem, nextTryAt }) => (
        <li key={`${channel} ${recipient}`} className="stack-xs">
          <span className="row">
            <span className="ref">{recipient}</span>
            <Badge tone={state === 'PENDING' && problem !== null ? 'warn' : TONES[state]}>
              {t(state === 'PENDING' && problem !== null ? 'alerts.again' : `alerts.state.${state}`)}
            </Badge>
          </span>
          {problem !== null && state !== 'DELIVERED' && (
            <span className="muted small">
              <span lang="en">{problem}</span>
              {nextTryAt !== null && (
                <>
                  {' · '}
                  {t('alerts.nextTry')} <Ago ms={nextTryAt} />
                </>
              )}
            </span>
          )}
        </li>
      ))}
    </ul>
  );
}
