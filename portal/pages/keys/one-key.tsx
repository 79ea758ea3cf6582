import { useTranslation } from 'react-i18next';
import { useBlastRadius, useKey, useKeys } from '../../api/queries.ts';
import { useMayAct } from '../../api/session.tsx';
import type { Key } from '../../api/types.ts';
import { LifecycleBadge } from '../../parts/badge.tsx';
import { CopyButton } from '../../parts/code.tsx';
import { Card, Page } from '../../parts/page.tsx';
import { keyInUse, keyName, PROVIDER_LABELS } from '../../parts/provider.ts';
import { Loaded } from '../../parts/query.tsx';
import { At } from '../../parts/time.tsx';
import { Acts } from './acts.tsx';
import { BlastRadiusFacts } from './blast-radius.tsx';
import { meaningOf } from './means.ts';
import { StatusTable } from './status-table.tsx';
import { Uses } from './uses.tsx';

/** One key: how it does, what hangs on it, and what can be done with it. */
export function OneKey({ account, id }: { readonly account: string; readonly id: string }) {
  const { t } = useTranslation();
  const key = useKey(account, id);
  const keys = useKeys(account);
  const isUsed = keys.data !== undefined && keyInUse(keys.data)?.id === id;
  return (
    <Page
      title={key.data ? keyName(key.data) : t('keys.one')}
      back={{ to: `/accounts/${account}/keys`, label: t('keys.title') }}
      lead={key.data && t(meaningOf(key.data, isUsed))}
      actions={key.data && <LifecycleBadge lifecycle={key.data.lifecycle} />}
    >
      <Loaded query={key}>
        {(found) => <KeyParts account={account} of={found} keys={keys.data ?? []} />}
      </Loaded>
    </Page>
  );
}

function KeyParts({ account, of: key, keys }: { account: string; of: Key; keys: readonly Key[] }) {
  const { t } = useTranslation();
  const mayAct = useMayAct();
  const radius = useBlastRadius(account, key.id);
  return (
    <>
      <Card title={t('keys.statuses')}>
        <div className="stack-m">
          <StatusTable of={key} />
          <p className="muted small">{t('keys.asLastUsed')}</p>
        </div>
      </Card>
      <Uses account={account} keyId={key.id} />
      <Card title={t('radius.title')}>
        <Loaded query={radius}>{(found) => <BlastRadiusFacts radius={found} />}</Loaded>
      </Card>
      {mayAct && <Acts account={account} of={key} keys={keys} />}
      <Card title={t('keys.facts')}>
        <Facts of={key} />
      </Card>
    </>
  );
}

function Facts({ of: key }: { readonly of: Key }) {
  const { t } = useTranslation();
  return (
    <dl className="facts">
      <dt>{t('keys.id')}</dt>
      <dd className="row">
        <span className="ref">{key.id}</span>
        <CopyButton text={key.id} what={t('keys.id')} />
      </dd>
      <dt>{t('keys.kms')}</dt>
      <dd>{PROVIDER_LABELS[key.provider]}</dd>
      <dt>{t('keys.enrolledAt')}</dt>
      <dd>
        <At ms={key.createdAt * 1000} />
      </dd>
      {key.role && (
        <>
          <dt>{t('keys.role')}</dt>
          <dd className="ref">{key.role.arn}</dd>
          <dt>{t('keys.externalId')}</dt>
          <dd className="ref">{key.role.externalId}</dd>
        </>
      )}
    </dl>
  );
}
