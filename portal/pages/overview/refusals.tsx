import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import type { Overview } from '../../api/types.ts';
import { OutcomeBadge } from '../../parts/badge.tsx';
import { useFormat } from '../../parts/format.ts';
import { useCause } from '../../parts/cause.tsx';

/** Why services did not get what they asked for, within the last day. */
export function Refusals({ account, refusals }: { account: string; refusals: Overview['refusals'] }) {
  const { t } = useTranslation();
  const { number } = useFormat();
  const inWords = useCause();
  if (refusals.causes.length === 0) return <p className="muted">{t('overview.noRefusals')}</p>;
  return (
    <div className="stack-m">
      <p className="muted small">{t('overview.past')}</p>
      <ul className="plain">
        {refusals.causes.map(({ outcome, cause, count }) => (
          <li key={`${outcome} ${cause}`} className="spread">
            <span>{cause === null ? t('overview.noCause') : inWords(cause)}</span>
            <span className="row">
              <OutcomeBadge outcome={outcome} />
              <span className="strong">{number(count)}</span>
            </span>
          </li>
        ))}
      </ul>
      {[...new Set(refusals.causes.map(({ outcome }) => outcome))].map((outcome) => (
        <p key={outcome} className="row">
          <Link href={`/accounts/${account}/activity?outcome=${outcome}&since=24`}>
            {t('overview.seeRefusals', { outcome: t(`outcome.${outcome}`) })}
          </Link>
        </p>
      ))}
    </div>
  );
}
