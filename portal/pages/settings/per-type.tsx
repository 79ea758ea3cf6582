import { NativeSelect } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useAct } from '../../api/act.ts';
import { useEnrolments } from '../../api/queries.ts';
import { useMayAct } from '../../api/session.tsx';
import { isSameType, type AssetType } from '../../api/types.ts';
import { ProblemNote } from '../../parts/problem.tsx';
import { Loaded } from '../../parts/query.tsx';

interface PerTypeProps {
  readonly account: string;
  readonly label: string;
  readonly valueOf: (type: AssetType) => string;
  readonly optionsOf: (type: AssetType) => readonly { readonly value: string; readonly label: string }[];
  readonly put: (type: AssetType, value: string) => Promise<unknown>;
}

/** One choice for each enrolled asset type; it holds as soon as it is made. */
export function PerType({ account, label, valueOf, optionsOf, put }: PerTypeProps) {
  const { t } = useTranslation();
  const mayAct = useMayAct();
  const enrolments = useEnrolments(account);
  const act = useAct({
    account,
    run: ({ type, value }: { readonly type: AssetType; readonly value: string }) => put(type, value),
    done: () => t('common.saved'),
  });
  // What is on its way counts: a list that fell back meanwhile would be picked from again.
  const shown = (type: AssetType) =>
    act.isPending && isSameType(act.variables.type, type) ? act.variables.value : valueOf(type);
  return (
    <>
      <Loaded query={enrolments} lines={2}>
        {(types) =>
          types.length === 0 ? (
            <p>{t('summary.noTypes')}</p>
          ) : (
            <div className="fields" role="group" aria-label={label}>
              {types.map((type) => (
                <NativeSelect
                  key={`${type.srvId} ${type.type}`}
                  label={type.type}
                  disabled={!mayAct}
                  value={shown(type)}
                  onChange={(event) => act.mutate({ type, value: event.currentTarget.value })}
                  data={[...optionsOf(type)]}
                />
              ))}
            </div>
          )
        }
      </Loaded>
      {act.error && <ProblemNote error={act.error} />}
    </>
  );
}
