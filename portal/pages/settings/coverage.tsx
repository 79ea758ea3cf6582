import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { CoverageChange } from '../../api/types.ts';
import { AssetTypes } from './asset-types.tsx';
import { CoverageDialog } from './coverage-dialog.tsx';
import { Groups } from './groups.tsx';
import { LicenceChoice } from './licence.tsx';

/** Whose assets, and of which types, are under the account's key. */
export function Coverage({ account }: { readonly account: string }) {
  const { t } = useTranslation();
  return (
    <div className="stack">
      <p className="muted">{t('coverage.lead')}</p>
      <CoverageLicence account={account} />
      <CoverageTypes account={account} />
    </div>
  );
}

/** Licences, with what each change does before it is made. */
export function CoverageLicence({ account }: { readonly account: string }) {
  const [change, setChange] = useState<CoverageChange | null>(null);
  return (
    <>
      <LicenceChoice account={account} onChange={setChange} />
      <Groups account={account} onChange={setChange} />
      <CoverageDialog account={account} change={change} onClose={() => setChange(null)} />
    </>
  );
}

export function CoverageTypes({ account }: { readonly account: string }) {
  const [change, setChange] = useState<CoverageChange | null>(null);
  return (
    <>
      <AssetTypes account={account} onChange={setChange} />
      <CoverageDialog account={account} change={change} onClose={() => setChange(null)} />
    </>
  );
}
