import { NativeSelect } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useAct } from '../../api/act.ts';
import { change, path } from '../../api/client.ts';
import { useEnrolments, useWishes } from '../../api/queries.ts';
import { useMayAct } from '../../api/session.tsx';
import type { AssetType, FailureWish } from '../../api/types.ts';
import { ProblemNote } from '../../parts/problem.tsx';
import { Loaded } from '../../parts/query.tsx';

const WISHES: readonly FailureWish[] = ['FAIL_ASSET', 'DROP_SESSION'];

/** What services do with each enrolled type when it cannot be stored. */
export function Wishes({ account }: { readonly account: string }) {
  const { t } = useTranslation();
  const mayAct = useMayAct();
  const enrolments = useEnrolments(account);
  const wishes = useWishes(account);
  const act = useAct({
    account,
    run: ({ srvId, type, wish }: AssetType & { readonly wish: string }) =>
      change('PUT', path('accounts', account, 'on-failure', srvId, type), { wish }),
    done: () => t('common.saved'),
  });
  return (
    <div className="stack-m">
      <p className="muted">{t('wishes.lead')}</p>
      <Loaded query={enrolments} lines={2}>
        {(types) => (
          <Loaded query={wishes} lines={2}>
            {(known) =>
              types.length === 0 ? (
                <p>{t('summary.noTypes')}</p>
              ) : (
                <div className="fields">
                  {types.map(({ srvId, type }) => (
                    <NativeSelect
                      key={`${srvId} ${type}`}
                      label={type}
                      disabled={!mayAct}
                      value={
                        known.find((each) => each.srvId === srvId && each.type === type)?.wish ?? 'FAIL_ASSET'
                      }
                      onChange={(event) => act.mutate({ srvId, type, wish: event.currentTarget.value })}
                      data={WISHES.map((value) => ({ value, label: t(`wishes.wish.${value}`) }))}
                    />
                  ))}
                </div>
              )
            }
          </Loaded>
        )}
      </Loaded>
      {act.error && <ProblemNote error={act.error} />}
    </div>
  );
}
