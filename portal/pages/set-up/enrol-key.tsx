import { Textarea, TextInput } from '@mantine/core';
import { useState, type SyntheticEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { idempotencyKey, useAct } from '../../api/act.ts';
import { change, path } from '../../api/client.ts';
import type { Key, ProviderName, VerificationStep } from '../../api/types.ts';
import { stepsIn, useLiveSteps, verifyLive } from '../../api/verify.ts';
import { ActButton } from '../../parts/act-button.tsx';
import { Note } from '../../parts/note.tsx';
import { ProblemNote } from '../../parts/problem.tsx';
import { VerificationSteps } from '../../parts/verification.tsx';

/** Verifies a key as it will be used, step by step, and takes it into use when all of it holds. */
export function EnrolKey({
  account,
  provider,
}: {
  readonly account: string;
  readonly provider: ProviderName;
}) {
  const { t } = useTranslation();
  const [text, setText] = useState('');
  const [role, setRole] = useState('');
  const live = useLiveSteps();
  const key = {
    provider,
    references: text.split(/\s*\n\s*/).filter((line) => line !== ''),
    ...(role.trim() !== '' && { role: role.trim() }),
  };
  const verification = useAct({
    account: null,
    run: (tried: object) => {
      live.begin();
      return verifyLive(path('accounts', account, 'keys', 'verify'), tried, live.onStep);
    },
  });
  // What passed may be another key than the one that is typed by now.
  const isOfThis = JSON.stringify(verification.variables) === JSON.stringify(key);
  const enrolment = useAct({
    account,
    run: () =>
      change<{ key: Key; steps: VerificationStep[] }>(
        'POST',
        path('accounts', account, 'keys'),
        key,
        idempotencyKey(),
      ),
  });
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    enrolment.reset();
    verification.mutate(key);
  };
  const refused = stepsIn(enrolment.error);
  return (
    <div className="stack">
      <form className="stack-m" onSubmit={submit}>
        <Textarea
          label={t('setUp.references')}
          description={t(`setUp.reference.${provider}`)}
          required
          withAsterisk={false}
          rows={3}
          spellCheck={false}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        {provider === 'aws' && (
          <TextInput
            label={t('setUp.optional', { label: t('setUp.roleArn') })}
            description={t('setUp.roleWhy')}
            value={role}
            onChange={(event) => setRole(event.currentTarget.value)}
            autoComplete="off"
            spellCheck={false}
          />
        )}
        <div>
          <ActButton type="submit" pending={verification.isPending}>
            {t('setUp.verify')}
          </ActButton>
        </div>
      </form>
      {verification.error && <ProblemNote error={verification.error} />}
      <div aria-live="polite" className="stack-m">
        {verification.isPending && <p className="muted">{t('verify.running')}</p>}
        {verification.data && isOfThis && !enrolment.data && (
          <Note
            tone={verification.data.ok ? 'ok' : 'bad'}
            title={t(verification.data.ok ? 'verify.passed' : 'verify.failed')}
          >
            <p>{t(verification.data.ok ? 'verify.passedNext' : 'verify.failedNext')}</p>
          </Note>
        )}
        <VerificationSteps steps={!isOfThis ? [] : refused.length > 0 ? refused : live.steps} />
      </div>
      {verification.data?.ok && isOfThis && !enrolment.data && (
        <div className="stack-m">
          <div>
            <ActButton pending={enrolment.isPending} onClick={() => enrolment.mutate(undefined)}>
              {t('setUp.enrol')}
            </ActButton>
          </div>
          {enrolment.error && <ProblemNote error={enrolment.error} />}
        </div>
      )}
      {enrolment.data && (
        <Note tone="ok" title={t('setUp.enrolled')} live>
          <p>{t('setUp.enrolledMeans')}</p>
          <p>
            <Link href={`/accounts/${account}/keys/${enrolment.data.key.id}`}>{t('setUp.seeKey')}</Link>
          </p>
        </Note>
      )}
    </div>
  );
}
