import { useTranslation } from 'react-i18next';
import { useAccount } from '../../api/queries.ts';
import { useMayAct } from '../../api/session.tsx';
import type { CoverageChange, Licence } from '../../api/types.ts';
import { Choice } from '../../parts/choice.tsx';
import { Loaded } from '../../parts/query.tsx';

const LICENCES: readonly Licence[] = ['ACCOUNT', 'GROUPS', 'NONE'];

/** Whose assets the account's licence covers. */
export function LicenceChoice({
  account,
  onChange,
}: {
  account: string;
  onChange: (change: CoverageChange) => void;
}) {
  const { t } = useTranslation();
  const mayAct = useMayAct();
  const stored = useAccount(account);
  return (
    <Loaded query={stored} lines={3}>
      {({ licence }) => (
        <Choice
          legend={t('coverage.licence')}
          name="licence"
          value={licence}
          disabled={!mayAct}
          onChange={(wanted) => onChange({ kind: 'LICENCE', licence: wanted })}
          options={LICENCES.map((each) => ({
            value: each,
            label: t(`licence.${each}`),
            description: t(`licenceMeans.${each}`),
          }))}
        />
      )}
    </Loaded>
  );
}
