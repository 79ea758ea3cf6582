import { useTranslation } from 'react-i18next';
import { change, path } from '../../api/client.ts';
import { useWishes } from '../../api/queries.ts';
import { isSameType, type FailureWish } from '../../api/types.ts';
import { Loaded } from '../../parts/query.tsx';
import { PerType } from './per-type.tsx';

const WISHES: readonly FailureWish[] = ['FAIL_ASSET', 'DROP_SESSION'];

/** What services do with each enrolled type when it cannot be stored. */
export function Wishes({ account }: { readonly account: string }) {
  const { t } = useTranslation();
  const wishes = useWishes(account);
  return (
    <div className="stack-m">
      <p className="muted">{t('wishes.lead')}</p>
      <Loaded query={wishes} lines={2}>
        {(known) => (
          <PerType
            account={account}
            label={t('wishes.title')}
            valueOf={(type) => known.find((each) => isSameType(each, type))?.wish ?? 'FAIL_ASSET'}
            optionsOf={() => WISHES.map((value) => ({ value, label: t(`wishes.wish.${value}`) }))}
            put={({ srvId, type }, wish) =>
              change('PUT', path('accounts', account, 'on-failure', srvId, type), { wish })
            }
          />
        )}
      </Loaded>
    </div>
  );
}
