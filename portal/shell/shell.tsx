import { IconKey, IconLogout, IconMenu2 } from '@tabler/icons-react';
import { useEffect, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Link, useLocation } from 'wouter';
import { useLiveUpdates } from '../api/events.ts';
import { useMe } from '../api/session.tsx';
import { signOut } from '../api/sign-out.ts';
import { useNotify } from '../parts/notify.ts';
import { useKeepFocus } from './keep-focus.ts';
import { useMedia } from '../parts/use-media.ts';
import { Navigation } from './navigation.tsx';
import { Preferences } from './preferences.tsx';

/** As styles/shell.css has it. */
const NARROW = '(max-width: 900px)';

/** What stands around every page. */
export function Shell({ children }: { readonly children: ReactNode }) {
  const { t } = useTranslation();
  const [location] = useLocation();
  const [isOpen, setOpen] = useState(false);
  const me = useMe();
  const isNarrow = useMedia(NARROW);
  const account = accountIn(location) ?? me.account;
  useEffect(() => setOpen(false), [location]);
  const isLive = useLiveUpdates(account);
  useKeepFocus();
  const notify = useNotify();
  const leave = () => {
    signOut().catch(() => notify(t('shell.signOutFailed'), 'bad'));
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
            {!isNarrow && <Who />}
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
          {isNarrow && <Who />}
        </aside>
        <main id="main" className="main" tabIndex={-1}>
          <div role="status">{!isLive && <p className="not-live">{t('shell.notLive')}</p>}</div>
          {children}
        </main>
      </div>
    </>
  );
}

/** Who is signed in: beside the name of the portal, or where that has no room, in the menu. */
function Who() {
  const { t } = useTranslation();
  const me = useMe();
  return (
    <div className="who">
      <strong>{me.name}</strong>
      <span className="muted small">{t(`role.${me.role}`)}</span>
    </div>
  );
}

/** The account whose pages an address is of. */
function accountIn(location: string): string | null {
  return /^\/accounts\/([^/]+)/.exec(location)?.[1] ?? null;
}
