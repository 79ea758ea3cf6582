import { useTranslation } from 'react-i18next';
import { Card, Page } from '../../parts/page.tsx';
import { useMayAct } from '../../api/session.tsx';
import { Note } from '../../parts/note.tsx';
import { ContactsForm } from './contacts.tsx';
import { Coverage } from './coverage.tsx';
import { FallbackForm } from './fallback.tsx';
import { Tokens } from './tokens.tsx';
import { Webhooks } from './webhooks.tsx';
import { Wishes } from './wishes.tsx';

/** Who is told, who may call, and what happens when a key fails. */
export function Settings({ account }: { readonly account: string }) {
  const { t } = useTranslation();
  const mayAct = useMayAct();
  return (
    <Page title={t('settings.title')} lead={t('settings.lead')}>
      {!mayAct && (
        <Note title={t('settings.readOnly')}>
          <p>{t('settings.readOnlyWhy')}</p>
        </Note>
      )}
      <Card title={t('coverage.title')}>
        <Coverage account={account} />
      </Card>
      <Card title={t('contacts.title')}>
        <ContactsForm account={account} />
      </Card>
      <Card title={t('fallback.title')}>
        <FallbackForm account={account} />
      </Card>
      <Card title={t('wishes.title')}>
        <Wishes account={account} />
      </Card>
      <Card title={t('webhooks.title')}>
        <Webhooks account={account} />
      </Card>
      <Card title={t('tokens.title')}>
        <Tokens account={account} />
      </Card>
    </Page>
  );
}
