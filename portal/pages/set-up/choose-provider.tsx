import { useTranslation } from 'react-i18next';
import type { ProviderName } from '../../api/types.ts';
import { Choice } from '../../parts/choice.tsx';
import { PROVIDER_LABELS } from '../../parts/provider.ts';

export function ChooseProvider({
  value,
  onChange,
}: {
  readonly value: ProviderName | null;
  readonly onChange: (provider: ProviderName) => void;
}) {
  const { t } = useTranslation();
  const providers = Object.keys(PROVIDER_LABELS) as ProviderName[];
  return (
    <Choice
      legend={t('setUp.provider')}
      name="provider"
      value={value}
      onChange={onChange}
      options={providers.map((each) => ({
        value: each,
        label: PROVIDER_LABELS[each],
        description: t(`setUp.providers.${each}`),
      }))}
    />
  );
}
