import { Modal } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useAct, useAfresh } from '../../api/act.ts';
import { path } from '../../api/client.ts';
import { useLiveSteps, verifyLive } from '../../api/verify.ts';
import { ActButton } from '../../parts/act-button.tsx';
import { Note } from '../../parts/note.tsx';
import { ProblemNote } from '../../parts/problem.tsx';
import { VerificationSteps } from '../../parts/verification.tsx';
import type { ActProps } from './acts.tsx';

/** Tries everything that will be asked of the key. Changes nothing. */
export function VerifyAgain({ account, of: key, opened, onClose }: ActProps) {
  const { t } = useTranslation();
  const live = useLiveSteps();
  const act = useAct({
    account,
    run: () => {
      live.begin();
      return verifyLive(path('accounts', account, 'keys', key.id, 'verify'), undefined, live.onStep);
    },
  });
  useAfresh(act, opened);
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title={<span className="strong">{t('acts.verify.name')}</span>}
      size="lg"
      closeButtonProps={{ 'aria-label': t('common.close') }}
    >
      <div className="stack-m">
        <p>{t('acts.verify.what')}</p>
        <div className="row">
          <ActButton onClick={() => act.mutate(undefined)} pending={act.isPending}>
            {t('acts.verify.act')}
          </ActButton>
        </div>
        {act.error && <ProblemNote error={act.error} />}
        {act.data && (
          <Note
            tone={act.data.ok ? 'ok' : 'bad'}
            title={t(act.data.ok ? 'verify.passed' : 'verify.failed')}
            live
          />
        )}
        {!act.isIdle && <VerificationSteps steps={live.steps} />}
      </div>
    </Modal>
  );
}
