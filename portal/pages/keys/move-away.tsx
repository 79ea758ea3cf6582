import { NativeSelect } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useLocation } from 'wouter';
import { idempotencyKey, useAct, useAfresh } from '../../api/act.ts';
import { change, path } from '../../api/client.ts';
import type { Move } from '../../api/types.ts';
import { useFormat } from '../../parts/format.ts';
import { Note } from '../../parts/note.tsx';
import { keyName } from '../../parts/provider.ts';
import { Loaded } from '../../parts/query.tsx';
import { TypedConfirm } from '../../parts/typed-confirm.tsx';
import type { ActProps } from './acts.tsx';
import { Consequences } from './consequences.tsx';

interface Preview {
  readonly total: number;
  readonly counts: readonly { readonly srvId: string; readonly type: string; readonly count: number }[];
}

/** Takes what a key protects to another key of the account. Nothing is unreadable meanwhile. */
export function MoveAway({ account, of: key, keys, opened, onClose }: ActProps) {
  const { t } = useTranslation();
  const [, go] = useLocation();
  const { number } = useFormat();
  const targets = keys.filter(
    ({ id, lifecycle }) => id !== key.id && (lifecycle === 'ACTIVE' || lifecycle === 'STANDBY'),
  );
  const [chosen, setChosen] = useState<string | null>(null);
  const target = chosen ?? targets[0]?.id ?? null;
  const plan = { kind: 'ROTATE', selection: { kekIds: [key.id] }, target };
  const moves = path('accounts', account, 'moves');
  const preview = useQuery({
    queryKey: ['accounts', account, 'moves', 'preview', key.id, target],
    queryFn: () => change<{ preview: Preview }>('POST', moves, { ...plan, dryRun: true }),
    enabled: opened && target !== null,
    retry: false,
    staleTime: 0,
  });
  const act = useAct({
    account,
    run: () => change<{ move: Move }>('POST', moves, plan, idempotencyKey()),
    done: () => t('acts.move.done'),
    onDone: () => go(`/accounts/${account}/moves`),
  });
  useAfresh(act, opened);
  return (
    <TypedConfirm
      opened={opened}
      onClose={onClose}
      title={t('acts.move.name')}
      phrase={account}
      act={t('acts.move.act')}
      ready={preview.data !== undefined}
      possible={target !== null}
      pending={act.isPending}
      error={act.error}
      onConfirm={() => act.mutate(undefined)}
    >
      <p>{t('acts.move.what')}</p>
      {target === null ? (
        <Note tone="warn" title={t('acts.move.noTarget')}>
          <p>
            {t('acts.move.noTargetWhy')}{' '}
            <Link href={`/accounts/${account}/set-up`}>{t('acts.move.setUp')}</Link>
          </p>
        </Note>
      ) : (
        <>
          <NativeSelect
            label={t('acts.move.target')}
            value={target}
            onChange={(event) => setChosen(event.currentTarget.value)}
            data={targets.map((each) => ({ value: each.id, label: keyName(each) }))}
          />
          <Loaded query={preview} lines={2}>
            {({ preview: { total } }) => (
              <>
                <Note title={t('acts.move.count', { count: total, number: number(total) })}>
                  <p>{t('acts.move.radius')}</p>
                </Note>
                <Consequences
                  closed={t('acts.move.closed')}
                  howLong={t('acts.move.howLong')}
                  undo={t('acts.move.undo')}
                />
              </>
            )}
          </Loaded>
        </>
      )}
    </TypedConfirm>
  );
}
