import {
  IconActivity,
  IconArrowsExchange,
  IconBuilding,
  IconFileSearch,
  IconHeartbeat,
  IconHome,
  IconKey,
  IconListCheck,
  IconServer2,
  IconSettings,
  type Icon,
} from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { Link, useLocation } from 'wouter';
import { useAccount } from '../api/queries.ts';
import { useMayAct, useMe } from '../api/session.tsx';

interface Entry {
  readonly to: string;
  readonly label: string;
  readonly icon: Icon;
}

export function Navigation({ account }: { readonly account: string | null }) {
  const { t } = useTranslation();
  const me = useMe();
  return (
    <nav aria-label={t('shell.navigation')}>
      {account !== null && <AccountPages account={account} />}
      {me.role === 'OPERATOR' && (
        <div>
          <p className="side-title">{t('nav.provider')}</p>
          <Entries
            entries={[
              { to: '/operator/accounts', label: t('nav.accounts'), icon: IconBuilding },
              { to: '/operator/services', label: t('nav.services'), icon: IconServer2 },
              { to: '/operator/health', label: t('nav.health'), icon: IconHeartbeat },
            ]}
          />
        </div>
      )}
    </nav>
  );
}

function AccountPages({ account }: { readonly account: string }) {
  const { t } = useTranslation();
  const mayAct = useMayAct();
  const { data } = useAccount(account);
  const base = `/accounts/${account}`;
  return (
    <div>
      <p className="side-title">{data?.name ?? account}</p>
      <Entries
        entries={[
          { to: base, label: t('nav.overview'), icon: IconHome },
          { to: `${base}/keys`, label: t('nav.keys'), icon: IconKey },
          { to: `${base}/assets`, label: t('nav.assets'), icon: IconFileSearch },
          { to: `${base}/activity`, label: t('nav.activity'), icon: IconActivity },
          { to: `${base}/moves`, label: t('nav.moves'), icon: IconArrowsExchange },
          { to: `${base}/settings`, label: t('nav.settings'), icon: IconSettings },
          ...(mayAct ? [{ to: `${base}/set-up`, label: t('nav.setUp'), icon: IconListCheck }] : []),
        ]}
      />
    </div>
  );
}

function Entries({ entries }: { readonly entries: readonly Entry[] }) {
  const [location] = useLocation();
  const [current] = entries
    .filter(({ to }) => location === to || location.startsWith(`${to}/`))
    .sort((one, other) => other.to.length - one.to.length);
  return (
    <ul>
      {entries.map(({ to, label, icon: Icon }) => (
        <li key={to}>
          <Link href={to} aria-current={current?.to === to ? 'page' : undefined}>
            <Icon size={19} stroke={1.7} aria-hidden />
            {label}
          </Link>
        </li>
      ))}
    </ul>
  );
}
