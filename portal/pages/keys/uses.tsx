import { SegmentedControl } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useKeyUses } from '../../api/view-queries.ts';
import { Card } from '../../parts/page.tsx';
import { Loaded } from '../../parts/query.tsx';
import { UsesChart } from '../../parts/uses-chart.tsx';

const BUCKETS = ['hour', 'day'] as const;

/** How often the key was used: through its KMS, from caches, and in vain. */
export function Uses({ account, keyId }: { readonly account: string; readonly keyId: string }) {
  const { t } = useTranslation();
  const [bucket, setBucket] = useState<(typeof BUCKETS)[number]>('hour');
  const uses = useKeyUses(account, keyId, { bucket });
  return (
    <Card
      title={t('uses.title')}
      actions={
        <SegmentedControl
          size="xs"
          aria-label={t('uses.span')}
          value={bucket}
          onChange={(value) => setBucket(value === 'day' ? 'day' : 'hour')}
          data={BUCKETS.map((value) => ({ value, label: t(`uses.spans.${value}`) }))}
        />
      }
    >
      <Loaded query={uses}>{(found) => <UsesChart uses={found} />}</Loaded>
    </Card>
  );
}
