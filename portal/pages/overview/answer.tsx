import { IconCircleCheck, IconCircleX, IconAlertTriangle, IconCircleDashed } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import type { Overview, ProtectionCount } from '../../api/types.ts';
import type { Protection } from '../../api/types.ts';
import { useFormat } from '../../parts/format.ts';

type Tone = 'ok' | 'warn' | 'bad' | 'muted';
const ICONS = {
  ok: IconCircleCheck,
  warn: IconAlertTriangle,
  bad: IconCircleX,
  muted: IconCircleDashed,
} as const;

/** The three questions that people come with, answered in a sentence each. */
export function Answer({ facts }: { readonly facts: Overview }) {
  const { t } = useTranslation();
  return (
    <div className="answers">
      <Data facts={facts} />
      <Health facts={facts} />
      <Question
        tone={toneOf(facts)}
        question={t('answer.needsMe')}
        answer={
          facts.attention.length === 0
            ? t('answer.nothing')
            : t('answer.things', { count: facts.attention.length })
        }
        detail={t(`answer.level.${facts.attention[0]?.level ?? 'NONE'}`)}
      />
    </div>
  );
}

function Data({ facts }: { readonly facts: Overview }) {
  const { t } = useTranslation();
  const { number, percent } = useFormat();
  const own = assetsUnder(facts.protection, 'CUSTOMER_KEY');
  const fallback = assetsUnder(facts.protection, 'FALLBACK_KEY');
  const all = own + fallback + assetsUnder(facts.protection, 'PLATFORM_KEY');
  if (all === 0) {
    return (
      <Question
        tone="muted"
        question={t('answer.data')}
        answer={t('answer.noData')}
        detail={t('answer.noDataYet')}
      />
    );
  }
  return (
    <Question
      tone={fallback > 0 ? 'warn' : own === 0 ? 'muted' : 'ok'}
      question={t('answer.data')}
      answer={t('answer.share', { percent: percent(Math.floor((own / all) * 1000) / 1000) })}
      detail={t('answer.assets', { own: number(own), all: number(all) })}
    />
  );
}

function Health({ facts }: { readonly facts: Overview }) {
  const { t } = useTranslation();
  const keys = facts.keys.filter(({ lifecycle }) => lifecycle !== 'RETIRED');
  const statuses = keys.flatMap((key) => key.statuses.map(({ status }) => status));
  const question = t('answer.keys');
  if (keys.length === 0) {
    return (
      <Question tone="muted" question={question} answer={t('answer.noKey')} detail={t('answer.noKeyYet')} />
    );
  }
  if (statuses.includes('FAILED')) {
    return (
      <Question
        tone="bad"
        question={question}
        answer={t('answer.failing')}
        detail={t('answer.failingWhat')}
      />
    );
  }
  if (statuses.includes('DEGRADED')) {
    return (
      <Question
        tone="warn"
        question={question}
        answer={t('answer.degraded')}
        detail={t('answer.degradedWhat')}
      />
    );
  }
  return (
    <Question
      tone="ok"
      question={question}
      answer={t('answer.healthy')}
      detail={t('answer.healthyWhat', { count: keys.length })}
    />
  );
}

function Question(props: { tone: Tone; question: string; answer: string; detail: string }) {
  const Icon = ICONS[props.tone];
  return (
    <section className="card answer" data-tone={props.tone} aria-label={props.question}>
      <h2 className="muted small">{props.question}</h2>
      <p className="big">
        <Icon size={26} aria-hidden />
        {props.answer}
      </p>
      <p className="muted">{props.detail}</p>
    </section>
  );
}

function assetsUnder(counts: readonly ProtectionCount[], protection: Protection): number {
  return counts.reduce((sum, each) => (each.protection === protection ? sum + each.assets : sum), 0);
}

function toneOf({ attention: [first] }: Overview): Tone {
  if (!first) return 'ok';
  return first.level === 'URGENT' ? 'bad' : first.level === 'WARNING' ? 'warn' : 'muted';
}
