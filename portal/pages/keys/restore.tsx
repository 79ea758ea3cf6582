import { useTranslation } from 'react-i18next';
import { useAct, useAfresh } from '../../api/act.ts';
import { change, path } from '../../api/client.ts';
import { useBlastRadius } from '../../api/queries.ts';
import { Loaded } from '../../parts/query.tsx';
import { TypedConfirm } from '../../parts/typed-confirm.tsx';
import type { ActProps } from './acts.tsx';
import { Consequences } from './consequences.tsx';
import { useCounts } from './use-counts.ts';

/** Brings a retired key back. */
export function Restore({ account, of: key, keys, opened, onClose }: ActProps) {
  const { t } = useTranslation();
  const radius = useBlastRadius(account, key.id, opened);
  const counts = useCounts(radius.data);
  const act = useAct({
    account,
    run: () => change('POST', path('accounts', account, 'keys', key.id, 'restore')),
    done: () => t('acts.restore.done'),
    onDone: onClose,
  });
  useAfresh(act, opened);
  return (
    <TypedConfirm
      opened={opened}
      onClose={onClose}
      title={t('acts.restore.name')}
      phrase={account}
      act={t('acts.restore.act')}
      pending={act.isPending}
      error={act.error}
      onConfirm={() => act.mutate(undefined)}
    >
      <p>{t('acts.restore.what')}</p>
      <Loaded query={radius}>
        {(found) => (
          <Consequences
            closed={found.dataKeys === 0 ? t('consequences.nothing') : t('acts.restore.opens', counts)}
            opens
            newData={t(keys[0]?.id === key.id ? 'acts.restore.newest' : 'acts.restore.older')}
            undo={t('acts.restore.undo')}
          />
        )}
      </Loaded>
    </TypedConfirm>
  );
}
