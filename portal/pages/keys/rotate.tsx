import { useTranslation } from 'react-i18next';
import { useLocation } from 'wouter';
import { useBlastRadius } from '../../api/queries.ts';
import { Loaded } from '../../parts/query.tsx';
import { TypedConfirm } from '../../parts/typed-confirm.tsx';
import type { ActProps } from './acts.tsx';
import { Consequences } from './consequences.tsx';
import { useCounts } from './use-counts.ts';

/** Rotation to another key is enrolling it; this says what that does, and goes there. */
export function Rotate({ account, of: key, opened, onClose }: ActProps) {
  const { t } = useTranslation();
  const [, go] = useLocation();
  const radius = useBlastRadius(account, key.id, opened);
  const counts = useCounts(radius.data);
  return (
    <TypedConfirm
      opened={opened}
      onClose={onClose}
      title={t('acts.rotate.name')}
      phrase={account}
      act={t('acts.rotate.act')}
      pending={false}
      error={null}
      onConfirm={() => go(`/accounts/${account}/set-up`)}
    >
      <p>{t('acts.rotate.inKms')}</p>
      <p>{t('acts.rotate.other')}</p>
      <Loaded query={radius}>
        {(found) => (
          <Consequences
            closed={found.dataKeys === 0 ? t('consequences.nothing') : t('acts.rotate.closed', counts)}
            undo={t('acts.rotate.undo')}
          />
        )}
      </Loaded>
    </TypedConfirm>
  );
}
