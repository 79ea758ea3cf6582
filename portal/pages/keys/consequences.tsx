import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

interface Props {
  /** What becomes unreadable, or with `opens` readable. */
  readonly closed: string;
  readonly opens?: boolean;
  readonly howLong?: string;
  readonly newData?: string;
  readonly undo: string;
}

/** What an act does to data, for how long, and how it is undone: read before anything is typed. */
export function Consequences({ closed, opens = false, howLong, newData, undo }: Props) {
  const { t } = useTranslation();
  const rows: readonly (readonly [string, ReactNode])[] = [
    [t(opens ? 'consequences.opens' : 'consequences.closed'), closed],
    ...(howLong === undefined ? [] : [[t('consequences.howLong'), howLong] as const]),
    ...(newData === undefined ? [] : [[t('consequences.newData'), newData] as const]),
    [t('consequences.undo'), undo],
  ];
  return (
    <dl className="consequences">
      {rows.map(([name, text]) => (
        <div key={name} className="consequence">
          <dt>{name}</dt>
          <dd>{text}</dd>
        </div>
      ))}
    </dl>
  );
}
