import { useTranslation } from 'react-i18next';
import { useBlastRadius } from '../../api/queries.ts';
import { Note } from '../../parts/note.tsx';
import { Loaded } from '../../parts/query.tsx';
import { TypedConfirm } from '../../parts/typed-confirm.tsx';
import { useSetUp, type ActProps } from './acts.tsx';
import { BlastRadiusFacts } from './blast-radius.tsx';

/** Rotation to another key is enrolling it; this says what that does, and goes there. */
export function Rotate({ account, of: key, opened, onClose }: ActProps) {
  const { t } = useTranslation();
  const setUp = useSetUp(account);
  const radius = useBlastRadius(account, key.id, opened);
  return (
    <TypedConfirm
      opened={opened}
      onClose={onClose}
      title={t('acts.rotate.name')}
      phrase={account}
      act={t('acts.rotate.act')}
      pending={false}
      error={null}
      onConfirm={setUp}
    >
      <p>{t('acts.rotate.inKms')}</p>
      <p>{t('acts.rotate.other')}</p>
      <Note title={t('acts.rotate.radius')}>
        <p>{t('acts.rotate.radiusWhy')}</p>
      </Note>
      <Loaded query={radius}>{(found) => <BlastRadiusFacts radius={found} />}</Loaded>
    </TypedConfirm>
  );
}
