import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import { useAccount, useContacts, useEnrolments, useFallback, useKeys } from '../../api/queries.ts';
import { useFormat } from '../../parts/format.ts';
import { Note } from '../../parts/note.tsx';
import { keyInUse, keyName } from '../../parts/provider.ts';
import { Loaded } from '../../parts/query.tsx';

/** What was decided, what is still missing, and what happens next. */
export function Summary({ account }: { readonly account: string }) {
  const { t } = useTranslation();
  const { list } = useFormat();
  const stored = useAccount(account);
  const keys = useKeys(account);
  const types = useEnrolments(account);
  const contacts = useContacts(account);
  const fallback = useFallback(account);
  const missing = [
    ...(keys.data && !keyInUse(keys.data) ? [t('summary.noKey')] : []),
    ...(stored.data?.licence === 'NONE' ? [t('summary.noLicence')] : []),
    ...(types.data?.length === 0 ? [t('summary.noTypes')] : []),
    ...(contacts.data?.emails.length === 0 ? [t('summary.noContacts')] : []),
  ];
  return (
    <div className="stack-m">
      {missing.length > 0 ? (
        <Note tone="warn" title={t('summary.missing')}>
          <ul>
            {missing.map((each) => (
              <li key={each}>{each}</li>
            ))}
          </ul>
        </Note>
      ) : (
        <Note tone="ok" title={t('summary.complete')}>
          <p>{t('summary.completeMeans')}</p>
        </Note>
      )}
      <dl className="facts">
        <dt>{t('setUp.steps.key')}</dt>
        <dd>
          <Loaded query={keys} lines={1}>
            {(found) => {
              const used = keyInUse(found);
              return used ? (
                <Link href={`/accounts/${account}/keys/${used.id}`}>{keyName(used)}</Link>
              ) : (
                t('summary.none')
              );
            }}
          </Loaded>
        </dd>
        <dt>{t('setUp.steps.licences')}</dt>
        <dd>
          <Loaded query={stored} lines={1}>
            {({ licence }) => t(`licence.${licence}`)}
          </Loaded>
        </dd>
        <dt>{t('setUp.steps.types')}</dt>
        <dd>
          <Loaded query={types} lines={1}>
            {(found) => (found.length === 0 ? t('summary.none') : list(found.map(({ type }) => type)))}
          </Loaded>
        </dd>
        <dt>{t('setUp.steps.contacts')}</dt>
        <dd>
          <Loaded query={contacts} lines={1}>
            {({ emails }) => (emails.length === 0 ? t('summary.none') : list(emails))}
          </Loaded>
        </dd>
        <dt>{t('setUp.steps.fallback')}</dt>
        <dd>
          <Loaded query={fallback} lines={1}>
            {({ mode }) => t(`fallback.modes.${mode}`)}
          </Loaded>
        </dd>
      </dl>
      <p>
        <Link href={`/accounts/${account}`}>{t('summary.toOverview')}</Link>
      </p>
    </div>
  );
}
