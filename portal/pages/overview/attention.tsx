import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import type { Attention, AttentionLevel } from '../../api/types.ts';
import { Badge, type Tone } from '../../parts/badge.tsx';
import { useFormat } from '../../parts/format.ts';
import { shortReference } from '../../parts/provider.ts';
import { useCause } from '../../parts/cause.tsx';
import { useMayAct } from '../../api/session.tsx';
import { matters, type Matter } from './matters.ts';

export const ATTENTION_TONES: Readonly<Record<AttentionLevel, Tone>> = {
  URGENT: 'bad',
  WARNING: 'warn',
  SET_UP: 'info',
};

/** What needs somebody, the most urgent first, each with where to go. */
export function AttentionList({ account, attention }: { account: string; attention: readonly Attention[] }) {
  const { t } = useTranslation();
  if (attention.length === 0) return <p className="muted">{t('attention.none')}</p>;
  return (
    <ul className="attention">
      {matters(attention).map((matter, index) => (
        <li key={`${matter[0].code} ${index}`}>
          <Badge tone={ATTENTION_TONES[matter[0].level]}>{t(`attention.level.${matter[0].level}`)}</Badge>
          <Item account={account} of={matter} />
        </li>
      ))}
    </ul>
  );
}

function Item({ account, of: matter }: { readonly account: string; readonly of: Matter }) {
  const { t } = useTranslation();
  const [of] = matter;
  const texts = useTexts(matter);
  const mayAct = useMayAct();
  const to = placeOf(of, mayAct);
  return (
    <div className="stack-s">
      <p className="strong">{texts.title}</p>
      <p className="muted">
        {texts.what}{' '}
        {to !== null && <Link href={`/accounts/${account}${to}`}>{t(`attention.go.${of.code}`)}</Link>}
      </p>
    </div>
  );
}

function useTexts(matter: Matter): { title: string; what: string } {
  const { t } = useTranslation();
  const { number, ago, time, list } = useFormat();
  const [of] = matter;
  const title = (facts: Record<string, string | number> = {}) => t(`attention.title.${of.code}`, facts);
  const what = (facts: Record<string, string | number> = {}) => t(`attention.what.${of.code}`, facts);
  const cause = useCause();
  switch (of.code) {
    case 'KEY_FAILED':
    case 'KEY_DEGRADED': {
      const facts = {
        use: list(unique(matter, (each) => 'use' in each && t(`useOf.${each.use}`))),
        key: list(unique(matter, (each) => 'reference' in each && shortReference(each.reference))),
        cause: cause(of.cause),
        since: of.since === null ? '' : ago(of.since),
      };
      return { title: title(facts), what: what(facts) };
    }
    case 'FALLBACK_ACTIVE':
    case 'FALLBACK_EXHAUSTED': {
      const end = of.endsAt === null ? t('attention.noEnd') : t('attention.end', { at: time(of.endsAt) });
      const assets = t('count.assets', { count: of.assets, number: number(of.assets) });
      return { title: title(), what: what({ end, assets, since: ago(of.startedAt) }) };
    }
    case 'MOVE_WAITING':
      return { title: title(), what: what({ cause: cause(of.cause), left: number(of.left) }) };
    case 'MOVE_FAILURES':
      return { title: title({ count: of.failed, number: number(of.failed) }), what: what() };
    case 'MOVE_PAUSED':
      return { title: title(), what: what({ left: number(of.left) }) };
    case 'RETIRED_KEY_PROTECTS':
      return { title: title({ key: shortReference(of.reference) }), what: what() };
    case 'REENCRYPTION_BACKLOG':
      return {
        title: title({ count: of.dataKeys, number: number(of.dataKeys) }),
        what: what({ since: ago(of.oldestSince) }),
      };
    case 'CALLS_REFUSED':
      return { title: title({ count: of.count, number: number(of.count) }), what: what() };
    case 'USES_UNKNOWN':
      return { title: title({ count: of.gaps, number: number(of.gaps) }), what: what() };
    case 'ALERTS_NOT_DELIVERED':
      return { title: title({ count: of.recipients, number: number(of.recipients) }), what: what() };
    case 'NO_KEY':
    case 'NOTHING_ENROLLED':
    case 'NO_CONTACTS':
      return { title: title(), what: what() };
  }
}

function unique(matter: Matter, of: (each: Attention) => string | false): string[] {
  return [...new Set(matter.map(of).filter((text) => text !== false))];
}

/** Where the account's administrator does something about it; null: nowhere for those who only read. */
function placeOf(of: Attention, mayAct: boolean): string | null {
  switch (of.code) {
    case 'KEY_FAILED':
    case 'KEY_DEGRADED':
    case 'FALLBACK_ACTIVE':
    case 'FALLBACK_EXHAUSTED':
    case 'RETIRED_KEY_PROTECTS':
      return `/keys/${of.kekId}`;
    case 'MOVE_WAITING':
    case 'MOVE_FAILURES':
    case 'MOVE_PAUSED':
    case 'REENCRYPTION_BACKLOG':
      return '/moves';
    case 'CALLS_REFUSED':
      return '/activity?outcome=REFUSED&since=24';
    case 'USES_UNKNOWN':
      return '/activity?action=GAP';
    case 'NO_KEY':
    case 'NOTHING_ENROLLED':
      return mayAct ? '/set-up' : null;
    case 'ALERTS_NOT_DELIVERED':
      return '/settings#alerts';
    case 'NO_CONTACTS':
      return mayAct ? '/settings#contacts' : null;
  }
}
