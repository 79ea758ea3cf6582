import { IconCheck } from '@tabler/icons-react';
import { useEffect, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { STEPS, type Step } from './use-done.ts';

interface Props {
  readonly current: Step;
  readonly done: ReadonlySet<Step>;
  /** Whether it is known what key is to be set up. */
  readonly canLeave: boolean;
  readonly onChoose: (step: Step) => void;
}

/** All steps, each to be gone to; a tick says that its matter is decided. */
export function StepList({ current, done, canLeave, onChoose }: Props) {
  const { t } = useTranslation();
  const list = useRef<HTMLOListElement>(null);
  // On narrow screens the list is one line that scrolls.
  useEffect(() => {
    const line = list.current;
    const button = line?.querySelector<HTMLElement>('[aria-current]');
    if (line && button) line.scrollLeft = button.offsetLeft - line.offsetLeft - 16;
  }, [current]);
  return (
    <nav aria-label={t('setUp.stepList')}>
      <ol className="wizard-steps" ref={list}>
        {STEPS.map((step, index) => (
          <li key={step}>
            <button
              type="button"
              aria-current={step === current ? 'step' : undefined}
              disabled={!canLeave && (step === 'policy' || step === 'key')}
              onClick={() => onChoose(step)}
            >
              <span className="dot" aria-hidden>
                {done.has(step) ? <IconCheck size={14} /> : index + 1}
              </span>
              {t(`setUp.steps.${step}`)}
              {done.has(step) && <span className="hidden">, {t('setUp.isDone')}</span>}
            </button>
          </li>
        ))}
      </ol>
    </nav>
  );
}
