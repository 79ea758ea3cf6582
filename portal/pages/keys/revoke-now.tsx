import { useTranslation } from 'react-i18next';
import { useAct } from '../../api/act.ts';
import { change, path } from '../../api/client.ts';
import { useBlastRadius } from '../../api/queries.ts';
import { Note } from '../../parts/note.tsx';
import { Loaded } from '../../parts/query.tsx';
import { TypedConfirm } from '../../parts/typed-confirm.tsx';
import type { ActProps } from './acts.tsx';
import { BlastRadiusFacts } from './blast-radius.tsx';

/** Has every broker and sidecar forget the key's data keys. The customer's KMS decides about what comes after. */
export function RevokeNow({ account, of: key, opened, onClose }: ActProps) {
  const { t } = useTranslation();
  const radius = useBlastRadius(account, key.id, opened);
  const act = useAct({
    account,
    run: () => change('POST', path('accounts', account, 'keys', key.id, 'revoke')),
    done: () => t('acts.revoke.done'),
    onDone: onClose,
  });
  return (
    <TypedConfirm
      opened={opened}
      onClose={onClose}
      title={t('acts.revoke.name')}
      phrase={account}
      act={t('acts.revoke.act')}
      danger
      ready={radius.data !== undefined}
      pending={act.isPending}
      error={act.error}
      onConfirm={() => act.mutate(undefined)}
    >
      <p>{t('acts.revoke.what')}</p>
      <Note tone="warn" title={t('acts.revoke.kmsDecides')}>
        <p>{t('acts.revoke.disableFirst')}</p>
      </Note>
      <Loaded query={radius}>{(found) => <BlastRadiusFacts radius={found} />}</Loaded>
    </TypedConfirm>
  );
}

/** Brings a retired key back. */
export function Restore({ account, of: key, opened, onClose }: ActProps) {
  const { t } = useTranslation();
  const radius = useBlastRadius(account, key.id, opened);
  const act = useAct({
    account,
    run: () => change('POST', path('accounts', account, 'keys', key.id, 'restore')),
    done: () => t('acts.restore.done'),
    onDone: onClose,
  });
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
      <Loaded query={radius}>{(found) => <BlastRadiusFacts radius={found} />}</Loaded>
    </TypedConfirm>
  );
}
