import { TextInput } from '@mantine/core';
import { useState, type SyntheticEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { useAct } from '../../api/act.ts';
import { ApiError, change, get, path } from '../../api/client.ts';
import { useAccounts } from '../../api/queries.ts';
import { ActButton } from '../../parts/act-button.tsx';
import { Empty } from '../../parts/note.tsx';
import { Card, Page } from '../../parts/page.tsx';
import { ProblemNote } from '../../parts/problem.tsx';
import { Loaded } from '../../parts/query.tsx';
import { Table } from '../../parts/table.tsx';

/** The customers. */
export function Accounts() {
  const { t } = useTranslation();
  const accounts = useAccounts();
  const [filter, setFilter] = useState('');
  const wanted = filter.trim().toLowerCase();
  return (
    <Page title={t('accounts.title')} lead={t('accounts.lead')}>
      <Card>
        <Loaded query={accounts}>
          {(all) =>
            all.length === 0 ? (
              <Empty title={t('accounts.none')}>{t('accounts.noneWhy')}</Empty>
            ) : (
              <div className="stack-m">
                <TextInput
                  label={t('accounts.find')}
                  value={filter}
                  onChange={(event) => setFilter(event.currentTarget.value)}
                  className="narrow"
                />
                <Table
                  caption={t('accounts.title')}
                  rows={all.filter(({ id, name }) => `${id} ${name}`.toLowerCase().includes(wanted))}
                  idOf={({ id }) => id}
                  columns={[
                    {
                      label: t('accounts.name'),
                      cell: ({ id, name }) => <Link href={`/accounts/${id}`}>{name}</Link>,
                    },
                    { label: t('accounts.id'), cell: ({ id }) => id, className: 'ref' },
                    { label: t('accounts.licence'), cell: ({ licence }) => t(`licence.${licence}`) },
                  ]}
                />
              </div>
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

function NewAccount() {
  const { t } = useTranslation();
  const [id, setId] = useState('');
  const [name, setName] = useState('');
  const act = useAct({
    account: null,
    run: async () => {
      const address = path('accounts', id.trim());
      if (await isThere(address)) {
        throw new ApiError({
          title: t('accounts.taken'),
          detail: id.trim(),
          status: 409,
          code: 'CONFLICT',
          retryable: false,
        });
      }
      return change('PUT', address, { name: name.trim(), licence: 'NONE' });
    },
    done: () => t('accounts.made'),
    onDone: () => {
      setId('');
      setName('');
    },
  });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    act.mutate(undefined);
  };
  return (
    <form className="stack-m" onSubmit={submit}>
      <div className="row-end">
        <TextInput
          label={t('accounts.id')}
          required
          pattern="[A-Za-z0-9._\-]{1,64}"
          title={t('accounts.idHint')}
          value={id}
          onChange={(event) => setId(event.currentTarget.value)}
          autoComplete="off"
        />
        <TextInput
          label={t('accounts.name')}
          required
          maxLength={200}
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          autoComplete="off"
          className="grow"
        />
        <ActButton type="submit" pending={act.isPending}>
          {t('accounts.make')}
        </ActButton>
      </div>
      <p className="muted small">{t('accounts.newWhy')}</p>
      {act.error && <ProblemNote error={act.error} />}
    </form>
  );
}

/** Storing an account that is there would change its licence. */
async function isThere(address: string): Promise<boolean> {
  try {
    await get(address);
    return true;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return false;
    throw error;
  }
}
