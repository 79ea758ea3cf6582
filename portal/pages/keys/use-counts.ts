import { useTranslation } from 'react-i18next';
import type { BlastRadius } from '../../api/types.ts';
import { useFormat } from '../../parts/format.ts';

/** The numbers of a blast radius in words. */
export function useCounts(radius: BlastRadius | undefined): { assets: string; dataKeys: string } {
  const { t } = useTranslation();
  const { number } = useFormat();
  const { assets, dataKeys } = radius ?? { assets: 0, dataKeys: 0 };
  return {
    assets: t('count.assets', { count: assets, number: number(assets) }),
    dataKeys: t('count.dataKeys', { count: dataKeys, number: number(dataKeys) }),
  };
}
