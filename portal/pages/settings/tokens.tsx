import { Button, NativeSelect, TextInput } from '@mantine/core';
import { useState, type SyntheticEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { useAct } from '../../api/act.ts';
import { change, path } from '../../api/client.ts';
import { useTokens } from '../../api/queries.ts';
import { useMayAct } from '../../api/session.tsx';
import type { ApiToken } from '../../api/types.ts';
import { ActButton } from '../../parts/act-button.tsx';
import { CodeBlock } from '../../parts/code.tsx';
import { Note } from '../../parts/note.tsx';
import { ProblemNote } from '../../parts/problem.tsx';
import { Loaded } from '../../parts/query.tsx';
import { Ago, At } from '../../parts/time.tsx';
import { TypedConfirm } from '../../parts/typed-confirm.tsx';

const DAYS = [7, 30, 90, 365] as const;
const ROLES = ['AUDITOR', 'ADMINISTRATOR'] as const;

/** What programs sign in with. */
export function Tokens({ account }: { readonly account: string }) {
  const { t } = useTranslation();
  const tokens = useTokens(account);
  const mayAct = useMayAct();
  const [removing, setRemoving] = useState<ApiToken | null>(null);
  const remove = useAct({
    account,
    run: (id: string) => change('DELETE', path('accounts', account, 'tokens', id)),
    done: () => t('tokens.removed'),
    onDone: () => setRemoving(null),
  });
  return (
    <div className="stack-m">
      <p className="muted">{t('tokens.lead')}</p>
      <Loaded query={tokens} lines={2}>
        {(found) =>
          found.length === 0 ? (
            <p>{t('tokens.none')}</p>
          ) : (
            <List tokens={found} onRemove={mayAct ? setRemoving : null} />
          )
        }
      </Loaded>
      {mayAct && <NewToken account={account} />}
      <TypedConfirm
        opened={removing !== null}
        onClose={() => setRemoving(null)}
        title={t('tokens.removeTitle', { name: removing?.name ?? '' })}
        phrase={null}
        act={t('tokens.revoke')}
        danger
        pending={remove.isPending}
        error={remove.error}
        onConfirm={() => removing && remove.mutate(removing.id)}
      >
        <p>{t('tokens.removeMeans')}</p>
      </TypedConfirm>
    </div>
  );
}

function List({
  tokens,
  onRemove,
}: {
  tokens: readonly ApiToken[];
  onRemove: ((token: ApiToken) => void) | null;
}) {
  const { t } = useTranslation();
  return (
    <table className="table cards">
      <thead>
        <tr>
          <th scope="col">{t('tokens.name')}</th>
          <th scope="col">{t('tokens.role')}</th>
          <th scope="col">{t('tokens.expires')}</th>
          <th scope="col">{t('tokens.lastUsed')}</th>
          {onRemove && <td />}
        </tr>
      </thead>
      <tbody>
        {tokens.map((token) => (
          <tr key={token.id}>
            <th scope="row">{token.name}</th>
            <td data-label={t('tokens.role')}>{t(`role.${token.role}`)}</td>
            <td data-label={t('tokens.expires')}>
              <At ms={token.expiresAt} />
            </td>
            <td data-label={t('tokens.lastUsed')}>
              <Ago ms={token.lastUsedAt} />
            </td>
            {onRemove && (
              <td className="num">
                <Button
                  size="compact-sm"
                  variant="default"
                  aria-label={t('tokens.revokeOne', { name: token.name })}
                  onClick={() => onRemove(token)}
                >
                  {t('tokens.revoke')}
                </Button>
              </td>
            )}
          </tr>
        ))}
      </tbody>
    </table>
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
      change<{ token: ApiToken; secret: string }>('POST', path('accounts', account, 'tokens'), {
        name: name.trim(),
        role,
        expiresInDays: Number(days),
      }),
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
