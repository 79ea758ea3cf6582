import { Button, Switch, TextInput } from '@mantine/core';
import { useEffect, useState, type SyntheticEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { useAct } from '../../api/act.ts';
import { checkIsFree } from '../../api/check-is-free.ts';
import { change as send, path } from '../../api/client.ts';
import { useAccount, useGroups } from '../../api/queries.ts';
import { useMayAct } from '../../api/session.tsx';
import type { CoverageChange, Group } from '../../api/types.ts';
import { ActButton } from '../../parts/act-button.tsx';
import { useFormat } from '../../parts/format.ts';
import { ProblemNote } from '../../parts/problem.tsx';
import { Loaded } from '../../parts/query.tsx';
import { Table, type Column } from '../../parts/table.tsx';

interface Props {
  readonly account: string;
  readonly onChange: (change: CoverageChange) => void;
}

/** Whose members are covered when the licence is for groups. */
export function Groups({ account, onChange }: Props) {
  const { t } = useTranslation();
  const mayAct = useMayAct();
  const { data } = useAccount(account);
  const groups = useGroups(account);
  if (data?.licence !== 'GROUPS') return null;
  return (
    <div className="stack-m">
      <h3>{t('groups.title')}</h3>
      <Loaded query={groups} lines={2}>
        {(found) =>
          found.length === 0 ? <p>{t('groups.none')}</p> : <List groups={found} onChange={onChange} />
        }
      </Loaded>
      {mayAct && <NewGroup account={account} />}
    </div>
  );
}

function List({ groups, onChange }: { groups: readonly Group[]; onChange: Props['onChange'] }) {
  const { t } = useTranslation();
  const { number } = useFormat();
  const mayAct = useMayAct();
  const addMember: Column<Group> = {
    label: t('groups.addMember'),
    cell: (group) => <NewMember group={group} onChange={onChange} />,
  };
  return (
    <Table
      caption={t('groups.title')}
      rows={groups}
      idOf={({ id }) => id}
      columns={[
        {
          label: t('groups.name'),
          cell: ({ id, name }) => (
            <>
              {name} <span className="muted small">{id}</span>
            </>
          ),
        },
        { label: t('groups.members'), cell: ({ members }) => number(members.length) },
        {
          label: t('groups.licensed'),
          cell: ({ id, name, licensed }) => (
            <Switch
              aria-label={t('groups.licenseOne', { name })}
              checked={licensed}
              disabled={!mayAct}
              onChange={(event) =>
                onChange({ kind: 'GROUP', group: id, licensed: event.currentTarget.checked })
              }
            />
          ),
        },
        ...(mayAct ? [addMember] : []),
      ]}
    />
  );
}

function NewMember({ group, onChange }: { group: Group; onChange: Props['onChange'] }) {
  const { t } = useTranslation();
  const [user, setUser] = useState('');
  // Not before the change was looked at and made.
  useEffect(() => setUser(''), [group.members.length]);
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    onChange({ kind: 'GROUP', group: group.id, add: [user.trim()] });
  };
  return (
    <form className="row" onSubmit={submit}>
      <TextInput
        size="xs"
        required
        aria-label={t('groups.addTo', { name: group.name })}
        value={user}
        onChange={(event) => setUser(event.currentTarget.value)}
      />
      <Button type="submit" size="xs" variant="default">
        {t('groups.add')}
      </Button>
    </form>
  );
}

function NewGroup({ account }: { readonly account: string }) {
  const { t } = useTranslation();
  const [id, setId] = useState('');
  const act = useAct({
    account,
    run: async () => {
      const address = path('accounts', account, 'groups', id.trim());
      // Storing a group that is there would take its licence and its members away.
      await checkIsFree(address, t('groups.taken'));
      return send('PUT', address, { name: id.trim(), licensed: false, members: [] });
    },
    done: () => t('groups.made'),
    onDone: () => setId(''),
  });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    act.mutate(undefined);
  };
  return (
    <form className="stack-m" onSubmit={submit}>
      <div className="row-end">
        <TextInput
          label={t('groups.new')}
          required
          pattern="[A-Za-z0-9._\-]{1,64}"
          value={id}
          onChange={(event) => setId(event.currentTarget.value)}
        />
        <ActButton type="submit" variant="default" pending={act.isPending}>
          {t('groups.make')}
        </ActButton>
      </div>
      {act.error && <ProblemNote error={act.error} />}
    </form>
  );
}
