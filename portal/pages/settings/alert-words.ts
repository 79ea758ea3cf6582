import { useTranslation } from 'react-i18next';
import type { AlertFacts } from '../../api/types.ts';
import { useFormat } from '../../parts/format.ts';
import { shortReference } from '../../parts/provider.ts';
import { useCause } from '../../parts/cause.tsx';

/** What an alert tells, in a sentence. */
export function useAlertWords(): (facts: AlertFacts) => string {
  const { t } = useTranslation();
  const { number } = useFormat();
  const because = useCause();
  return (facts) => {
    switch (facts.kind) {
      case 'KEY_STATUS': {
        const { use, from, to } = facts;
        const words = { use: t(`use.${use}`), from: t(`status.${from}`), to: t(`status.${to}`) };
        return `${t('did.status', { key: shortReference(facts.reference), ...words })} ${because(facts.cause)}`.trim();
      }
      case 'FALLBACK_STARTED':
        return `${t('alerts.kind.FALLBACK_STARTED', { key: shortReference(facts.reference) })} ${because(facts.cause)}`;
      case 'FALLBACK_ENDED':
        return t('alerts.kind.FALLBACK_ENDED', {
          key: shortReference(facts.reference),
          number: number(facts.dataKeys),
        });
      case 'MOVE_ENDED':
        return t(`alerts.kind.MOVE_${facts.outcome}`, {
          moved: number(facts.moved),
          left: number(facts.left),
        });
      case 'KEY_LIFECYCLE':
        return t('alerts.kind.KEY_LIFECYCLE', {
          key: shortReference(facts.reference),
          from: t(`lifecycle.${facts.from}`),
          to: t(`lifecycle.${facts.to}`),
        });
      case 'TEST':
        return t('alerts.kind.TEST');
    }
  };
}
