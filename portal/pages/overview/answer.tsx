import {
  IconAlertTriangle,
  IconCircleCheck,
  IconCircleDashed,
  IconCircleHalf2,
  IconCircleX,
  IconListCheck,
} from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { useServices } from '../../api/queries.ts';
import type { Overview, Protection, ProtectionCount } from '../../api/types.ts';
import { useFormat } from '../../parts/format.ts';
import { keyInUse } from '../../parts/provider.ts';
import { matters } from './matters.ts';

type Tone = 'ok' | 'part' | 'warn' | 'bad' | 'info' | 'muted';
const ICONS = {
  ok: IconCircleCheck,
  part: IconCircleHalf2,
  warn: IconAlertTriangle,
  bad: IconCircleX,
  info: IconListCheck,
  muted: IconCircleDashed,
} as const;

/** The three questions that people come with, answered in a sentence each. */
export function Answer({ facts }: { readonly facts: Overview }) {
  return (
    <div className="answers">
      <Data facts={facts} />
      <Health facts={facts} />
      <NeedsMe facts={facts} />
    </div>
  );
}

/** Whether nobody has begun to set the account up: nothing is wrong, and all is still to be done. */
export function isUntouched({ keys, attention }: Overview): boolean {
  return keys.length === 0 && attention.length === 0;
}

function NeedsMe({ facts }: { readonly facts: Overview }) {
  const { t } = useTranslation();
  const question = t('answer.needsMe');
  if (isUntouched(facts)) {
    return (
      <Question tone="info" question={question} answer={t('answer.begin')} detail={t('answer.beginWhat')} />
    );
  }
  const { attention } = facts;
  return (
    <Question
      tone={toneOf(facts)}
      question={question}
      answer={
        attention.length === 0
          ? t('answer.nothing')
          : t('answer.things', { count: matters(attention).length })
      }
      detail={t(`answer.level.${attention[0]?.level ?? 'NONE'}`)}
    />
  );
}

function Data({ facts }: { readonly facts: Overview }) {
  const { t } = useTranslation();
  const { number, percent } = useFormat();
  const own = assetsUnder(facts.protection, 'CUSTOMER_KEY');
  const fallback = assetsUnder(facts.protection, 'FALLBACK_KEY');
  const all = own + fallback + assetsUnder(facts.protection, 'PLATFORM_KEY');
  const newData = useNewData(facts);
  if (all === 0) {
    return (
      <Question
        tone="muted"
        question={t('answer.data')}
        answer={t('answer.noData')}
        detail={t('answer.noDataYet')}
        more={newData}
      />
    );
  }
  return (
    <Question
      tone={fallback > 0 ? 'warn' : own === 0 ? 'muted' : own < all ? 'part' : 'ok'}
      question={t('answer.data')}
      answer={t('answer.share', { percent: percent(own / all) })}
      detail={t('answer.assets', { count: all, own: number(own), all: number(all) })}
      more={newData}
    />
  );
}

/** What becomes of new data, which what is stored does not tell. */
function useNewData({ account, keys, enrolments }: Overview): string {
  const { t } = useTranslation();
  const { number } = useFormat();
  const services = useServices();
  if (keyInUse(keys) === null) return t('answer.newData.NO_KEY');
  if (account.licence === 'NONE') return t('answer.newData.NO_LICENCE');
  if (enrolments.length === 0) return t('answer.newData.NO_TYPES');
  if (!services.data) return '';
  const types = services.data.reduce((sum, service) => sum + service.types.length, 0);
  return t(`answer.newData.${account.licence}`, {
    enrolled: number(enrolments.length),
    types: number(types),
  });
}

function Health({ facts }: { readonly facts: Overview }) {
  const { t } = useTranslation();
  const { ago } = useFormat();
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
  // Of one that is only there to open, nobody asks that it wraps.
  const isKnown = keys.every(
    (key) =>
      key.statuses.length > 0 &&
      key.statuses.every(
        ({ status, use }) => status === 'OK' || (use === 'ENCRYPT' && key.lifecycle === 'DECRYPT_ONLY'),
      ),
  );
  if (!isKnown) {
    return (
      <Question
        tone="muted"
        question={question}
        answer={t('answer.unknown')}
        detail={t('answer.unknownWhat')}
      />
    );
  }
  const uses = keys.flatMap((key) => key.statuses.flatMap(({ lastSuccessAt }) => lastSuccessAt ?? []));
  return (
    <Question
      tone="ok"
      question={question}
      answer={t('answer.healthy')}
      detail={t('answer.healthyWhat', { count: keys.length })}
      more={
        uses.length === 0
          ? t('answer.notUsed')
          : t('answer.lastWorked', { ago: ago(Math.max(...uses), Math.max(facts.at, ...uses)) })
      }
    />
  );
}

function Question(props: { tone: Tone; question: string; answer: string; detail: string; more?: string }) {
  const Icon = ICONS[props.tone];
  return (
    <section className="card answer" data-tone={props.tone} aria-label={props.question}>
      <h2 className="muted small">{props.question}</h2>
      <p className="big">
        <Icon size={26} aria-hidden />
        {props.answer}
      </p>
      <p className="muted">{props.detail}</p>
      {props.more !== undefined && props.more !== '' && <p className="muted small">{props.more}</p>}
    </section>
  );
}

function assetsUnder(counts: readonly ProtectionCount[], protection: Protection): number {
  return counts.reduce((sum, each) => (each.protection === protection ? sum + each.assets : sum), 0);
}

function toneOf({ attention: [first] }: Overview): Tone {
  if (!first) return 'ok';
  return first.level === 'URGENT' ? 'bad' : first.level === 'WARNING' ? 'warn' : 'info';
}
