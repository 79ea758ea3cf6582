import { useTranslation } from 'react-i18next';
import { change, path } from '../../api/client.ts';
import { useLeases } from '../../api/queries.ts';
import { isSameType, type AssetType } from '../../api/types.ts';
import { useFormat } from '../../parts/format.ts';
import { Loaded } from '../../parts/query.tsx';
import { PerType } from './per-type.tsx';

/** The longest that any data key is lent, which is what holds where nothing else was chosen. */
const LONGEST_SECONDS = 300;
const SECONDS: readonly number[] = [60, 120, 180, 240, LONGEST_SECONDS];

/** For how long data keys of each enrolled type are lent after the KMS allowed it. */
export function Leases({ account }: { readonly account: string }) {
  const { t } = useTranslation();
  const { duration } = useFormat();
  const leases = useLeases(account);
  return (
    <div className="stack-m">
      <p className="muted">{t('leases.lead')}</p>
      <p className="muted">{t('leases.means')}</p>
      <Loaded query={leases} lines={2}>
        {(known) => {
          const secondsOf = (type: AssetType) =>
            known.find((each) => isSameType(each, type))?.seconds ?? LONGEST_SECONDS;
          return (
            <PerType
              account={account}
              label={t('leases.title')}
              valueOf={(type) => String(secondsOf(type))}
              // What was chosen elsewhere, as with the command line, can be any number of seconds.
              optionsOf={(type) =>
                [...new Set([...SECONDS, secondsOf(type)])]
                  .sort((one, other) => one - other)
                  .map((seconds) => ({ value: String(seconds), label: duration(seconds * 1000) }))
              }
              put={({ srvId, type }, seconds) =>
                change('PUT', path('accounts', account, 'leases', srvId, type), { seconds: Number(seconds) })
              }
            />
          );
        }}
      </Loaded>
    </div>
  );
}
