import { Checkbox } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useEnrolments, useServices } from '../../api/queries.ts';
import { useMayAct } from '../../api/session.tsx';
import { isSameType, type CoverageChange } from '../../api/types.ts';
import { Loaded } from '../../parts/query.tsx';

/** What of the provider's services is under the account's key, type by type. */
export function AssetTypes({
  account,
  onChange,
}: {
  account: string;
  onChange: (change: CoverageChange) => void;
}) {
  const { t } = useTranslation();
  const mayAct = useMayAct();
  const services = useServices();
  const enrolments = useEnrolments(account);
  return (
    <Loaded query={services}>
      {(all) => (
        <Loaded query={enrolments}>
          {(enrolled) => (
            <div className="stack-m" role="group" aria-label={t('coverage.types')}>
              <h3>{t('coverage.types')}</h3>
              <div className="types">
                {all.map(({ srvId, name, types }) => (
                  <fieldset key={srvId} className="bare" disabled={!mayAct}>
                    <legend className="muted small">
                      {name} · {srvId}
                    </legend>
                    {types.map((type) => (
                      <Checkbox
                        key={type}
                        label={type}
                        checked={enrolled.some((each) => isSameType(each, { srvId, type }))}
                        onChange={(event) =>
                          onChange({ kind: 'ENROLMENT', srvId, type, enrolled: event.currentTarget.checked })
                        }
                      />
                    ))}
                  </fieldset>
                ))}
              </div>
            </div>
          )}
        </Loaded>
      )}
    </Loaded>
  );
}
