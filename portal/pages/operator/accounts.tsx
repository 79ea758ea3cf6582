import { Switch, TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { useAccountHealth, useAccounts } from '../../api/queries.ts';
import type { Account, Attention } from '../../api/types.ts';
import { Badge } from '../../parts/badge.tsx';
import { useFormat } from '../../parts/format.ts';
import { Empty } from '../../parts/note.tsx';
import { Card, Page } from '../../parts/page.tsx';
import { Loaded } from '../../parts/query.tsx';
import { Table } from '../../parts/table.tsx';
import { ATTENTION_TONES } from '../overview/attention.tsx';
import { matters } from '../overview/matters.ts';
import { NewAccount } from './new-account.tsx';

/** What is drawn at once: who has more customers looks for one by name. */
const MAX_ROWS = 200;

/** The customers, and which of them need somebody. */
export function Accounts() {
  const { t } = useTranslation();
  const accounts = useAccounts();
  return (
    <Page title={t('accounts.title')} lead={t('accounts.lead')}>
      <Card>
        <Loaded query={accounts}>
          {(all) =>
            all.length === 0 ? (
              <Empty title={t('accounts.none')}>{t('accounts.noneWhy')}</Empty>
            ) : (
              <AccountList accounts={all} />
            )
          }
        </Loaded>
      </Card>
      <Card title={t('accounts.new')}>
        <NewAccount />
      </Card>
    </Page>
  );
}

function AccountList({ accounts }: { readonly accounts: readonly Account[] }) {
  const { t } = useTranslation();
  const { number } = useFormat();
  const health = useAccountHealth();
  const [text, setText] = useState('');
  const [onlyNeedy, setOnlyNeedy] = useState(false);
  const needs = new Map(health.data?.map(({ account, attention }) => [account.id, attention]));
  const wanted = text.trim().toLowerCase();
  const found = accounts.filter(
    ({ id, name }) =>
      `${id} ${name}`.toLowerCase().includes(wanted) && (!onlyNeedy || (needs.get(id)?.length ?? 0) > 0),
  );
  const more = found.length - MAX_ROWS;
  return (
    <div className="stack-m">
      <div className="row-end">
        <TextInput
          label={t('accounts.find')}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
          className="grow"
        />
        <Switch
          label={t('accounts.onlyNeedy')}
          checked={onlyNeedy}
          disabled={!health.data}
          onChange={(event) => setOnlyNeedy(event.currentTarget.checked)}
        />
      </div>
      {found.length === 0 ? (
        <p>{t('accounts.noFit')}</p>
      ) : (
        <Table
          caption={t('accounts.title')}
          rows={found.slice(0, MAX_ROWS)}
          idOf={({ id }) => id}
          columns={[
            {
              label: t('accounts.name'),
              cell: ({ id, name }) => <Link href={`/accounts/${id}`}>{name}</Link>,
            },
            { label: t('accounts.id'), cell: ({ id }) => id, className: 'ref' },
            { label: t('accounts.licence'), cell: ({ licence }) => t(`licence.${licence}`) },
            {
              label: t('accounts.needs'),
              cell: ({ id }) => <Needs attention={needs.get(id)} isPending={health.isPending} />,
            },
          ]}
        />
      )}
      {more > 0 && <p className="muted">{t('accounts.tooMany', { count: more, number: number(more) })}</p>}
    </div>
  );
}

/** How urgent the most urgent is, and how much there is. */
function Needs(props: { attention: readonly Attention[] | undefined; isPending: boolean }) {
  const { t } = useTranslation();
  const { attention, isPending } = props;
  if (!attention) return <span className="muted">{isPending ? '…' : t('accounts.notLooked')}</span>;
  const [first] = attention;
  if (!first) return <span className="muted">{t('accounts.nothing')}</span>;
  return (
    <span className="row">
      <Badge tone={ATTENTION_TONES[first.level]}>{t(`attention.level.${first.level}`)}</Badge>
      <span className="muted small">{t('answer.things', { count: matters(attention).length })}</span>
    </span>
  );
}
