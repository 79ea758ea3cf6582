import { useTranslation } from 'react-i18next';
import { Loaded } from '../../parts/query.tsx';
import { TypedConfirm } from '../../parts/typed-confirm.tsx';
import type { ActProps } from './acts.tsx';
import { Consequences } from './consequences.tsx';
import { useKeyAct } from './use-key-act.ts';

/** Brings a retired key back. */
export function Restore(props: ActProps) {
  const { account, of: key, keys, opened, onClose } = props;
  const { t } = useTranslation();
  const { radius, counts, act } = useKeyAct(props, 'restore');
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
