import { Button } from '@mantine/core';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useKeys } from '../../api/queries.ts';
import { useMayAct } from '../../api/session.tsx';
import type { ProviderName } from '../../api/types.ts';
import { Note } from '../../parts/note.tsx';
import { Page } from '../../parts/page.tsx';
import { keyInUse, keyName } from '../../parts/provider.ts';
import { ContactsForm } from '../settings/contacts.tsx';
import { CoverageLicence, CoverageTypes } from '../settings/coverage.tsx';
import { FallbackForm } from '../settings/fallback.tsx';
import { ChooseProvider } from './choose-provider.tsx';
import { EnrolKey } from './enrol-key.tsx';
import { Policy } from './policy.tsx';
import { StepList } from './step-list.tsx';
import { Summary } from './summary.tsx';
import { STEPS, useDone, type Step } from './use-done.ts';

/** From nothing to a key that protects new data, one decision at a time; each may be gone back to. */
export function SetUp({ account }: { readonly account: string }) {
  const { t } = useTranslation();
  const mayAct = useMayAct();
  const keys = useKeys(account);
  const done = useDone(account);
  const [step, setStep] = useState<Step>('provider');
  const [provider, setProvider] = useState<ProviderName | null>(null);
  if (!mayAct) {
    return (
      <Page title={t('setUp.title')}>
        <Note title={t('settings.readOnly')}>
          <p>{t('settings.readOnlyWhy')}</p>
        </Note>
      </Page>
    );
  }
  const used = keyInUse(keys.data ?? []);
  const place = STEPS.indexOf(step);
  const next = STEPS[place + 1];
  const previous = STEPS[place - 1];
  const bodies: Readonly<Record<Step, ReactNode>> = {
    provider: <ChooseProvider value={provider} onChange={setProvider} />,
    policy: provider && <Policy key={provider} account={account} provider={provider} />,
    key: provider && <EnrolKey key={provider} account={account} provider={provider} />,
    licences: <CoverageLicence account={account} />,
    types: <CoverageTypes account={account} />,
    contacts: <ContactsForm account={account} />,
    fallback: <FallbackForm account={account} />,
    summary: <Summary account={account} />,
  };
  return (
    <Page title={t('setUp.title')} lead={t('setUp.lead')}>
      <div className="wizard">
        <StepList current={step} done={done} canLeave={provider !== null} onChoose={setStep} />
        <section className="card stack" aria-labelledby="step-title">
          <StepHead step={step} number={place + 1} />
          {step === 'provider' && used && (
            <Note title={t('setUp.hasKey')}>
              <p>{t('setUp.hasKeyMeans', { key: keyName(used) })}</p>
            </Note>
          )}
          {bodies[step]}
          <div className="row">
            {next && (
              <Button
                variant={step === 'provider' ? 'filled' : 'light'}
                disabled={provider === null && step === 'provider'}
                onClick={() => setStep(next)}
              >
                {t('setUp.next', { step: t(`setUp.steps.${next}`) })}
              </Button>
            )}
            {previous && (
              <Button variant="default" onClick={() => setStep(previous)}>
                {t('setUp.back')}
              </Button>
            )}
          </div>
        </section>
      </div>
    </Page>
  );
}

/** Who comes to a step hears its name first. */
function StepHead({ step, number }: { readonly step: Step; readonly number: number }) {
  const { t } = useTranslation();
  const heading = useRef<HTMLHeadingElement>(null);
  const first = useRef(true);
  useEffect(() => {
    if (!first.current) heading.current?.focus();
    first.current = false;
  }, [step]);
  return (
    <div className="stack-s">
      <p className="muted small">{t('setUp.place', { number, of: STEPS.length })}</p>
      <h2 id="step-title" ref={heading} tabIndex={-1}>
        {t(`setUp.headings.${step}`)}
      </h2>
      <p className="muted">{t(`setUp.why.${step}`)}</p>
    </div>
  );
}
