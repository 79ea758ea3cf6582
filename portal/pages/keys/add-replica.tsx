import { TextInput } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAct, useAfresh } from '../../api/act.ts';
import { getTagged, ifUnchanged, path } from '../../api/client.ts';
import { changeLive, useLiveSteps } from '../../api/verify.ts';
import { TypedConfirm } from '../../parts/typed-confirm.tsx';
import { VerificationSteps } from '../../parts/verification.tsx';
import { Note } from '../../parts/note.tsx';
import type { ActProps } from './acts.tsx';

/** Adds the same key elsewhere, so that the loss of one region makes nothing unreadable. */
export function AddReplica({ account, of: key, opened, onClose }: ActProps) {
  const { t } = useTranslation();
  const [reference, setReference] = useState('');
  const live = useLiveSteps();
  const act = useAct({
    account,
    run: async () => {
      live.begin();
      const address = path('accounts', account, 'keys', key.id, 'references');
      const stored = await getTagged<{ references: string[] }>(address);
      const references = [...stored.references, reference.trim()];
      const request = { body: { references }, headers: ifUnchanged(stored) };
      return changeLive<{ references: string[] }>('PUT', address, request, live.onStep);
    },
    done: () => t('acts.replica.done'),
    onDone: () => {
      setReference('');
      live.begin();
      onClose();
    },
  });
  useAfresh(act, opened);
  return (
    <TypedConfirm
      opened={opened}
      onClose={onClose}
      title={t('acts.replica.name')}
      phrase={account}
      act={t('acts.replica.act')}
      ready={reference.trim() !== ''}
      pending={act.isPending}
      error={act.error}
      onConfirm={() => act.mutate(undefined)}
    >
      <p>{t('acts.replica.what')}</p>
      <Note title={t('acts.replica.radius')}>
        <p>{t('acts.replica.radiusWhy', { count: key.references.length })}</p>
      </Note>
      <TextInput
        label={t('acts.replica.label')}
        description={t(`setUp.reference.${key.provider}`)}
        value={reference}
        onChange={(event) => setReference(event.currentTarget.value)}
        autoComplete="off"
        spellCheck={false}
        required
      />
      {!act.isIdle && <VerificationSteps steps={live.steps} />}
    </TypedConfirm>
  );
}
