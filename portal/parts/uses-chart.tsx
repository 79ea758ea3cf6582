import { useTranslation } from 'react-i18next';
import type { Uses } from '../api/types.ts';
import { useFormat } from './format.ts';
import { StackedChart } from './stacked-chart.tsx';

/** Uses over time: those that asked the KMS beside those that a cache served, and those that came to nothing. */
export function UsesChart({ uses: { bucket, buckets } }: { readonly uses: Uses }) {
  const { t } = useTranslation();
  const { hour, day, clock } = useFormat();
  return (
    <StackedChart
      label={t('uses.title')}
      column={t(`uses.column.${bucket}`)}
      none={t('uses.none')}
      series={[
        { name: t('uses.kms'), fill: 'var(--fill-customer)' },
        { name: t('uses.cache'), fill: 'var(--fill-platform)' },
        { name: t('uses.refused'), fill: 'var(--bad)' },
      ]}
      points={buckets.map(({ from, wraps, unwraps, brokerCache, sidecarCache, refused, failed }) => ({
        label: bucket === 'hour' ? hour(from) : day(from),
        tick: bucket === 'hour' ? clock(from) : day(from),
        values: [wraps + unwraps, brokerCache + sidecarCache, refused + failed],
      }))}
    />
  );
}
