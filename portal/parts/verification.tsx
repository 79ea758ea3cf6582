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

/** What was tried on a key, and on each replica by itself: why a step failed, and what mends it. */
export function VerificationSteps({ steps }: { readonly steps: readonly VerificationStep[] }) {
  const { t } = useTranslation();
  const references = [...new Set(steps.map(({ reference }) => reference))];
  return references.map((reference) => {
    const isOnly = references.length === 1;
    const name = shortReference(reference);
    return (
      <div key={reference} className="stack-s">
        {!isOnly && <h3>{name}</h3>}
        <ol className="steps" aria-label={isOnly ? t('verify.title') : t('verify.titleOf', { name })}>
          {steps
            .filter((step) => step.reference === reference)
            .map((step, place) => (
              <Step key={place} step={step} />
            ))}
        </ol>
      </div>
    );
  });
}

function Step({ step }: { readonly step: VerificationStep }) {
  const { t, i18n } = useTranslation();
  const { tone, icon: Icon } = SIGNS[step.outcome];
  const label = i18n.exists(`verify.step.${step.step}`)
    ? t(`verify.step.${step.step as 'DESCRIBE'}`)
    : step.step;
  return (
    <li data-tone={tone}>
      <Icon size={20} aria-hidden />
      <div>
        <p>{label}</p>
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
