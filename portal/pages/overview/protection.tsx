import { useTranslation } from 'react-i18next';
import { isSameType, PROTECTIONS, type AssetType, type Overview, type Protection } from '../../api/types.ts';
import { useFormat } from '../../parts/format.ts';

const FILLS: Readonly<Record<Protection, string>> = {
  CUSTOMER_KEY: 'fill-customer',
  FALLBACK_KEY: 'fill-fallback',
  PLATFORM_KEY: 'fill-platform',
};

/** How much of each type is under which kind of key, as bars with their numbers. */
export function ProtectionByType({ facts }: { readonly facts: Overview }) {
  const { t } = useTranslation();
  const types = typesOf(facts);
  if (types.length === 0) return <p className="muted">{t('overview.noTypes')}</p>;
  return (
    <div className="stack-m">
      <ul className="legend">
        {PROTECTIONS.map((protection) => (
          <li key={protection}>
            <span className={`swatch ${FILLS[protection]}`} aria-hidden />
            {t(`protection.${protection}`)}
          </li>
        ))}
      </ul>
      <ul className="plain wide">
        {types.map((type) => (
          <TypeBar key={`${type.srvId} ${type.type}`} facts={facts} type={type} />
        ))}
      </ul>
    </div>
  );
}

function TypeBar({ facts, type }: { readonly facts: Overview; readonly type: AssetType }) {
  const { t } = useTranslation();
  const { number } = useFormat();
  const counts = PROTECTIONS.map((protection) => ({
    protection,
    assets:
      facts.protection.find((each) => isSameType(each, type) && each.protection === protection)?.assets ?? 0,
  }));
  const all = counts.reduce((sum, { assets }) => sum + assets, 0);
  const isEnrolled = facts.enrolments.some((each) => isSameType(each, type));
  const told = counts
    .filter(({ assets }) => assets > 0)
    .map(({ protection, assets }) => `${t(`protection.${protection}`)} ${number(assets)}`);
  return (
    <li className="stack-s">
      <div className="spread">
        <span className="strong">{type.type}</span>
        <span className="muted small">
          {t(isEnrolled ? 'overview.enrolled' : 'overview.notEnrolled')} ·{' '}
          {t('count.assets', { count: all, number: number(all) })}
        </span>
      </div>
      <div
        className="meter"
        role="img"
        aria-label={told.length === 0 ? t('overview.noAssets') : told.join(', ')}
      >
        {counts
          .filter(({ assets }) => assets > 0)
          .map(({ protection, assets }) => (
            <span key={protection} className={FILLS[protection]} style={{ flexGrow: assets, flexBasis: 0 }} />
          ))}
      </div>
      {told.length > 0 && <p className="muted small">{told.join(' · ')}</p>}
    </li>
  );
}

function typesOf({ enrolments, protection }: Overview): AssetType[] {
  const types = new Map<string, AssetType>();
  for (const { srvId, type } of [...enrolments, ...protection])
    types.set(`${srvId} ${type}`, { srvId, type });
  return [...types.entries()].sort(([one], [other]) => one.localeCompare(other)).map(([, type]) => type);
}
