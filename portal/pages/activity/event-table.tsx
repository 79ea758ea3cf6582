import { Fragment } from 'react';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import type { AuditEvent } from '../../api/types.ts';
import { OutcomeBadge, StatusBadge } from '../../parts/badge.tsx';
import { useFormat } from '../../parts/format.ts';
import { At } from '../../parts/time.tsx';
import { assetPath } from '../assets/asset-path.ts';
import { statusChange, useDetail } from './event-words.ts';

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
              <Result event={event} />
            </td>
            {!ofAsset && (
              <td data-label={t('activity.asset')}>
                <OfAsset account={account} event={event} />
              </td>
            )}
            <td data-label={t('activity.actor')}>
              <Actor name={event.actor} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function What({ event }: { readonly event: AuditEvent }) {
  const { t } = useTranslation();
  const { number } = useFormat();
  const detail = useDetail(event);
  const { reason, source, count, operation } = event;
  const why = [reason && t(`reason.${reason}`), source && t(`source.${source}`)].filter(Boolean).join(' · ');
  return (
    <span className="event">
      <span className="strong">
        {operation ? t(`operation.${operation}`) : t(`action.${event.action}`)}
        {count !== null && count > 1 && ` × ${number(count)}`}
      </span>
      {why !== '' && <span className="small">{why}</span>}
      {detail && (
        <span className="muted small" title={event.detail ?? ''} lang={detail.isEnglish ? 'en' : undefined}>
          {detail.text}
        </span>
      )}
    </span>
  );
}

/** How it ended; of a change of a key's status, what it is now: whether the change was allowed is no question. */
function Result({ event }: { readonly event: AuditEvent }) {
  const change = statusChange(event);
  return change ? <StatusBadge status={change.to} /> : <OutcomeBadge outcome={event.outcome} />;
}

/** Breaks after slashes rather than within words. */
function Actor({ name }: { readonly name: string }) {
  const parts = name.split(/(?<=\/)(?!\/)/);
  return (
    <span className="ref">
      {parts.map((part, index) => (
        <Fragment key={`${index} ${part}`}>
          {part}
          <wbr />
        </Fragment>
      ))}
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
