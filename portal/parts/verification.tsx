import { IconCircleCheck, IconCircleDashed, IconCircleDot, IconCircleX } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { VerificationStep } from '../api/types.ts';
import { shortReference } from './provider.ts';

const SIGNS = {
  OK: { tone: 'ok', icon: IconCircleCheck },
  FAILED: { tone: 'bad', icon: IconCircleX },
  RUNNING: { tone: 'info', icon: IconCircleDot },
  SKIPPED: { tone: 'muted', icon: IconCircleDashed },
} as const;

/** What was tried on a key, step by step: why one failed, and what mends it. */
export function VerificationSteps({ steps }: { readonly steps: readonly VerificationStep[] }) {
  const { t } = useTranslation();
  if (steps.length === 0) return null;
  const several = new Set(steps.map(({ reference }) => reference)).size > 1;
  return (
    <ol className="steps" aria-label={t('verify.title')}>
      {steps.map((step, place) => (
        <Step key={place} step={step} named={several} />
      ))}
    </ol>
  );
}

function Step({ step, named }: { readonly step: VerificationStep; readonly named: boolean }) {
  const { t, i18n } = useTranslation();
  const { tone, icon: Icon } = SIGNS[step.outcome];
  const label = i18n.exists(`verify.step.${step.step}`)
    ? t(`verify.step.${step.step as 'DESCRIBE'}`)
    : step.step;
  return (
    <li data-tone={tone}>
      <Icon size={20} aria-hidden />
      <div>
        <p>
          {label} {named && <span className="muted small">{shortReference(step.reference)}</span>}
        </p>
        {step.outcome === 'FAILED' && (
          <div className="advice stack-s">
            {step.detail !== null && (
              <p>
                <span className="strong">{t('verify.cause')}</span> <span lang="en">{step.detail}</span>
              </p>
            )}
            {step.advice !== null && (
              <p>
                <span className="strong">{t('verify.advice')}</span> <span lang="en">{step.advice}</span>
              </p>
            )}
          </div>
        )}
      </div>
      <span className="muted small">{t(`verify.outcome.${step.outcome}`)}</span>
    </li>
  );
}
