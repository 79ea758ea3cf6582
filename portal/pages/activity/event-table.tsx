import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import type { AuditEvent } from '../../api/types.ts';
import { OutcomeBadge } from '../../parts/badge.tsx';
import { useFormat } from '../../parts/format.ts';
import { At } from '../../parts/time.tsx';
import { assetPath } from '../assets/asset-path.ts';

interface Props {
  readonly account: string;
  readonly events: readonly AuditEvent[];
  /** All are of one asset, which need not be named again. */
  readonly ofAsset?: boolean;
}

/** What happened: when, who, what, with which asset, why, and how it ended. */
export function EventTable({ account, events, ofAsset = false }: Props) {
  const { t } = useTranslation();
  return (
    <table className="table cards events">
      <caption className="hidden">{t('activity.title')}</caption>
      <thead>
        <tr>
          <th scope="col">{t('activity.at')}</th>
          <th scope="col">{t('activity.what')}</th>
          <th scope="col">{t('activity.outcome')}</th>
          {!ofAsset && <th scope="col">{t('activity.asset')}</th>}
          <th scope="col">{t('activity.actor')}</th>
        </tr>
      </thead>
      <tbody>
        {events.map((event) => (
          <tr key={event.id}>
            <td data-label={t('activity.at')}>
              <At ms={event.at} />
            </td>
            <th scope="row">
              <What event={event} />
            </th>
            <td data-label={t('activity.outcome')}>
              <OutcomeBadge outcome={event.outcome} />
            </td>
            {!ofAsset && (
              <td data-label={t('activity.asset')}>
                <OfAsset account={account} event={event} />
              </td>
            )}
            <td data-label={t('activity.actor')}>
              <span className="ref">{event.actor}</span>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function What({ event }: { readonly event: AuditEvent }) {
  const { t, i18n } = useTranslation();
  const { number } = useFormat();
  const inWords = (text: string) =>
    i18n.exists(`chosen.${text}`) ? t(`chosen.${text as 'OWNER_COVERED'}`) : text;
  const { reason, source, count, detail, operation } = event;
  const why = [reason && t(`reason.${reason}`), source && t(`source.${source}`)].filter(Boolean).join(' · ');
  return (
    <span className="event">
      <span className="strong">
        {operation ? t(`operation.${operation}`) : t(`action.${event.action}`)}
        {typeof count === 'number' && ` × ${number(count)}`}
      </span>
      {why !== '' && <span className="small">{why}</span>}
      {detail && <span className="muted small">{inWords(detail)}</span>}
    </span>
  );
}

function OfAsset({ account, event: { asset } }: { readonly account: string; readonly event: AuditEvent }) {
  if (!asset) return <span className="muted">–</span>;
  return (
    <span className="small">
      <Link href={assetPath(account, asset)} className="ref">
        {asset.id}
      </Link>
      <br />
      <span className="muted">{asset.type}</span>
    </span>
  );
}
