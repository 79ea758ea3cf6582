import { notifications } from '@mantine/notifications';
import { IconKey, IconLogout, IconMenu2 } from '@tabler/icons-react';
import { useEffect, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useLocation } from 'wouter';
import { useLiveUpdates } from '../api/events.ts';
import { useMe } from '../api/session.tsx';
import { signOut } from '../api/sign-out.ts';
import { useAnnounce } from '../parts/announce.tsx';
import { useKeepFocus } from './keep-focus.ts';
import { Navigation } from './navigation.tsx';
import { Preferences } from './preferences.tsx';

/** What stands around every page. */
export function Shell({ children }: { readonly children: ReactNode }) {
  const { t } = useTranslation();
  const [location] = useLocation();
  const [isOpen, setOpen] = useState(false);
  const me = useMe();
  const account = accountIn(location) ?? me.account;
  useEffect(() => setOpen(false), [location]);
  const isLive = useLiveUpdates(account);
  useKeepFocus();
  const announce = useAnnounce();
  const leave = () => {
    signOut().catch(() => {
      const message = t('shell.signOutFailed');
      notifications.show({ message, color: 'red', withBorder: true, autoClose: false });
      announce(message);
    });
  };
  return (
    <>
      <a className="skip" href="#main">
        {t('shell.skip')}
      </a>
      <div className="shell">
        <header className="bar">
          <button
            type="button"
            className="tool menu-button"
            aria-expanded={isOpen}
            aria-controls="navigation"
            onClick={() => setOpen(!isOpen)}
          >
            <IconMenu2 size={20} aria-hidden />
            {t('shell.menu')}
          </button>
          <Link href="/" className="brand" aria-label={t('common.product')}>
            <IconKey size={22} aria-hidden />
            <span>{t('common.product')}</span>
          </Link>
          <div className="bar-tools">
            <Preferences />
            <div className="who">
              <strong>{me.name}</strong>
              <span className="muted small">{t(`role.${me.role}`)}</span>
            </div>
            <button
              type="button"
              className="tool"
              aria-label={t('shell.signOut')}
              title={t('shell.signOut')}
              onClick={leave}
            >
              <IconLogout size={18} aria-hidden />
              <span className="wide-only">{t('shell.signOut')}</span>
            </button>
          </div>
        </header>
        <aside id="navigation" className="side" data-open={isOpen}>
          <Navigation account={account} />
          <p className="who-narrow small">
            <span className="strong">{me.name}</span>
            <br />
            <span className="muted">{t(`role.${me.role}`)}</span>
          </p>
        </aside>
        <main id="main" className="main" tabIndex={-1}>
          <div role="status">{!isLive && <p className="not-live">{t('shell.notLive')}</p>}</div>
          {children}
        </main>
      </div>
    </>
  );
}

/** The account whose pages an address is of. */
function accountIn(location: string): string | null {
  const [, account] = /^\/accounts\/([^/]+)/.exec(location) ?? [];
  return account === undefined ? null : decodeURIComponent(account);
}
