import { Button } from '@mantine/core';
import { IconKey } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { Page } from '../parts/page.tsx';
import { Preferences } from '../shell/preferences.tsx';

/** What people see who are not signed in. */
export function SignIn() {
  const { t } = useTranslation();
  const back = `${location.pathname}${location.search}`;
  return (
    <>
      <header className="bar bar-alone">
        <span className="brand">
          <IconKey size={22} aria-hidden />
          <span>{t('common.product')}</span>
        </span>
        <div className="bar-tools">
          <Preferences />
        </div>
      </header>
      <main className="main sign-in">
        <Page title={t('signIn.title')} lead={t('signIn.lead')}>
          <div>
            <Button component="a" size="md" href={`/sign-in?to=${encodeURIComponent(back)}`}>
              {t('signIn.act')}
            </Button>
          </div>
          <p className="muted small">{t('signIn.help')}</p>
        </Page>
      </main>
    </>
  );
}
