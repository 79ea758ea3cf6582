import { useTranslation } from 'react-i18next';
import type { ReactNode } from 'react';
import { Card, Page } from '../../parts/page.tsx';
import { useMayAct } from '../../api/session.tsx';
import { Note } from '../../parts/note.tsx';
import { Alerts } from './alerts.tsx';
import { ContactsForm } from './contacts.tsx';
import { Coverage } from './coverage.tsx';
import { FallbackForm } from './fallback.tsx';
import { Leases } from './leases.tsx';
import { Tokens } from './tokens.tsx';
import { Webhooks } from './webhooks.tsx';
import { Wishes } from './wishes.tsx';

/** By what an address leads to after its `#`. */
const PARTS = [
  'coverage',
  'contacts',
  'webhooks',
  'alerts',
  'fallback',
  'wishes',
  'leases',
  'tokens',
] as const;
type Part = (typeof PARTS)[number];

/** Who is told, who may call, and what happens when a key fails. */
export function Settings({ account }: { readonly account: string }) {
  const { t } = useTranslation();
  const mayAct = useMayAct();
  const bodies: Readonly<Record<Part, ReactNode>> = {
    coverage: <Coverage account={account} />,
    contacts: <ContactsForm account={account} />,
    fallback: <FallbackForm account={account} />,
    wishes: <Wishes account={account} />,
    leases: <Leases account={account} />,
    webhooks: <Webhooks account={account} />,
    alerts: <Alerts account={account} />,
    tokens: <Tokens account={account} />,
  };
  return (
    <Page title={t('settings.title')} lead={t('settings.lead')}>
      {!mayAct && (
        <Note title={t('settings.readOnly')}>
          <p>{t('settings.readOnlyWhy')}</p>
        </Note>
      )}
      <nav aria-label={t('settings.parts')}>
        <ul className="on-this-page">
          {PARTS.map((part) => (
            <li key={part}>
              <a href={`#${part}`}>{t(`${part}.title`)}</a>
            </li>
          ))}
        </ul>
      </nav>
      {PARTS.map((part) => (
        <Card key={part} id={part} title={t(`${part}.title`)}>
          {bodies[part]}
        </Card>
      ))}
    </Page>
  );
}
