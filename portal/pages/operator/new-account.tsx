import { TextInput } from '@mantine/core';
import { useState, type SyntheticEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { useAct } from '../../api/act.ts';
import { checkIsFree } from '../../api/check-is-free.ts';
import { change, path } from '../../api/client.ts';
import { ActButton } from '../../parts/act-button.tsx';
import { ProblemNote } from '../../parts/problem.tsx';

/** An account without licence, for its administrators to set up. */
export function NewAccount() {
  const { t } = useTranslation();
  const [id, setId] = useState('');
  const [name, setName] = useState('');
  const act = useAct({
    account: null,
    run: async () => {
      const address = path('accounts', id.trim());
      // Storing an account that is there would change its licence.
      await checkIsFree(address, t('accounts.taken'));
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
