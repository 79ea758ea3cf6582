import { useTranslation } from 'react-i18next';
import { useOverview } from '../api/view-queries.ts';
import { useFormat } from '../parts/format.ts';
import { Note } from '../parts/note.tsx';

/** Assets that wait to be sealed again under the customer's key. */
export function Backlog({ account }: { readonly account: string }) {
  const { t } = useTranslation();
  const { number, ago } = useFormat();
  const { data } = useOverview(account);
  if (!data || data.reencryption.dataKeys === 0) return null;
  const { dataKeys, oldestSince } = data.reencryption;
  return (
    <Note tone="warn" title={t('backlog.title', { count: dataKeys, number: number(dataKeys) })}>
      <p>{t('backlog.what')}</p>
      {oldestSince !== null && <p className="muted">{t('backlog.since', { since: ago(oldestSince) })}</p>}
    </Note>
  );
}
