import { Button } from '@mantine/core';
import { useState, type SyntheticEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { useAccount } from '../../api/queries.ts';
import { useMayAct } from '../../api/session.tsx';
import type { CoverageChange, Licence } from '../../api/types.ts';
import { Choice } from '../../parts/choice.tsx';
import { Loaded } from '../../parts/query.tsx';

const LICENCES: readonly Licence[] = ['ACCOUNT', 'GROUPS', 'NONE'];

interface Props {
  readonly account: string;
  readonly onChange: (change: CoverageChange) => void;
}

/** Whose assets the account's licence covers. */
export function LicenceChoice({ account, onChange }: Props) {
  const stored = useAccount(account);
  return (
    <Loaded query={stored} lines={3}>
      {({ licence }) => <Form key={licence} licence={licence} onChange={onChange} />}
    </Loaded>
  );
}

/** The change is shown on demand: with the arrows of a keyboard one comes through choices that one does not want. */
function Form({ licence, onChange }: { licence: Licence; onChange: Props['onChange'] }) {
  const { t } = useTranslation();
  const mayAct = useMayAct();
  const [wanted, setWanted] = useState(licence);
  const submit = (event: SyntheticEvent) => {
    event.preventDefault();
    onChange({ kind: 'LICENCE', licence: wanted });
  };
  return (
    <form className="stack-m" onSubmit={submit}>
      <Choice
        legend={t('coverage.licence')}
        name="licence"
        value={wanted}
        disabled={!mayAct}
        onChange={setWanted}
        options={LICENCES.map((each) => ({
          value: each,
          label: t(`licence.${each}`),
          description: t(`licenceMeans.${each}`),
        }))}
      />
      {wanted !== licence && (
        <div>
          <Button type="submit" aria-haspopup="dialog">
            {t('coverage.look')}
          </Button>
        </div>
      )}
    </form>
  );
}
