import { NativeSelect, TextInput } from '@mantine/core';
import { useState, type SyntheticEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { idempotencyKey, useAct } from '../../api/act.ts';
import { change, path } from '../../api/client.ts';
import { useTokens } from '../../api/queries.ts';
import { useMayAct } from '../../api/session.tsx';
import type { ApiToken } from '../../api/types.ts';
import { ActButton } from '../../parts/act-button.tsx';
import { CodeBlock } from '../../parts/code.tsx';
import { Note } from '../../parts/note.tsx';
import { ProblemNote } from '../../parts/problem.tsx';
import { Ago, At } from '../../parts/time.tsx';
import { RemovableList } from './removable-list.tsx';

const DAYS = [7, 30, 90, 365] as const;
const ROLES = ['AUDITOR', 'ADMINISTRATOR'] as const;

/** What programs sign in with. */
export function Tokens({ account }: { readonly account: string }) {
  const { t } = useTranslation();
  const tokens = useTokens(account);
  const mayAct = useMayAct();
  return (
    <div className="stack-m">
      <p className="muted">{t('tokens.lead')}</p>
      <RemovableList
        account={account}
        caption={t('tokens.title')}
        none={t('tokens.none')}
        query={tokens}
        idOf={({ id }) => id}
        columns={[
          { label: t('tokens.name'), cell: ({ name }) => name },
          { label: t('tokens.role'), cell: ({ role }) => t(`role.${role}`) },
          { label: t('tokens.expires'), cell: ({ expiresAt }) => <At ms={expiresAt} /> },
          { label: t('tokens.lastUsed'), cell: ({ lastUsedAt }) => <Ago ms={lastUsedAt} /> },
        ]}
        removal={{
          address: ({ id }) => path('accounts', account, 'tokens', id),
          act: t('tokens.revoke'),
          actOne: ({ name }) => t('tokens.revokeOne', { name }),
          title: ({ name }) => t('tokens.removeTitle', { name }),
          means: () => <p>{t('tokens.removeMeans')}</p>,
          done: t('tokens.removed'),
        }}
      />
      {mayAct && <NewToken account={account} />}
    </div>
  );
}

function NewToken({ account }: { readonly account: string }) {
  const { t } = useTranslation();
  const [name, setName] = useState('');
  const [role, setRole] = useState<string>('AUDITOR');
  const [days, setDays] = useState('30');
  const act = useAct({
    account,
    run: () =>
      change<{ token: ApiToken; secret: string }>(
        'POST',
        path('accounts', account, 'tokens'),
        {
          name: name.trim(),
          role,
          expiresInDays: Number(days),
        },
        idempotencyKey(),
      ),
    onDone: () => setName(''),
  });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    act.mutate(undefined);
  };
  return (
    <div className="stack-m">
      <form className="row-end" onSubmit={submit}>
        <TextInput
          label={t('tokens.newName')}
          required
          pattern="[A-Za-z0-9._\-]{1,64}"
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
          autoComplete="off"
        />
        <NativeSelect
          label={t('tokens.role')}
          value={role}
          onChange={(event) => setRole(event.currentTarget.value)}
          data={ROLES.map((each) => ({ value: each, label: t(`role.${each}`) }))}
        />
        <NativeSelect
          label={t('tokens.valid')}
          value={days}
          onChange={(event) => setDays(event.currentTarget.value)}
          data={DAYS.map((each) => ({ value: String(each), label: t('tokens.days', { count: each }) }))}
        />
        <ActButton type="submit" variant="default" pending={act.isPending}>
          {t('tokens.make')}
        </ActButton>
      </form>
      <p className="muted small">{t('tokens.can')}</p>
      {act.error && <ProblemNote error={act.error} />}
      {act.data && (
        <Note tone="ok" title={t('tokens.secretTitle')} live>
          <p>{t('tokens.secretOnce')}</p>
          <CodeBlock title={t('tokens.secret')} text={act.data.secret} />
        </Note>
      )}
    </div>
  );
}
