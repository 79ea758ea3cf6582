import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { Page } from '../parts/page.tsx';

/** An address that names no page. */
export function Missing({ title, home }: { readonly title: string; readonly home: string }) {
  const { t } = useTranslation();
  return (
    <Page title={title} lead={t('missing.lead')}>
      <p>
        <Link href={home}>{t('missing.home')}</Link>
      </p>
    </Page>
  );
}
