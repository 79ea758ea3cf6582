import { Checkbox } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useAct, useAfresh } from '../../api/act.ts';
import { change as send, getTagged, ifUnchanged, path } from '../../api/client.ts';
import type { CoverageChange, CoveragePreview } from '../../api/types.ts';
import { useFormat } from '../../parts/format.ts';
import { Loaded } from '../../parts/query.tsx';
import { TypedConfirm } from '../../parts/typed-confirm.tsx';

interface Props {
  readonly account: string;
  /** null: nothing is asked. */
  readonly change: CoverageChange | null;
  readonly onClose: () => void;
}

/** Shows what a change of coverage does to new and to existing data, then makes it. */
export function CoverageDialog({ account, change, onClose }: Props) {
  const { t } = useTranslation();
  const [moveExisting, setMoveExisting] = useState(false);
  const coverage = (what: string) => path('accounts', account, 'coverage', what);
  const preview = useQuery({
    queryKey: ['accounts', account, 'coverage', change],
    // The version first: what changes between the two is noticed when the change is made.
    queryFn: async () => {
      const version = change && ifUnchanged(await getTagged(placeOf(account, change)));
      return { ...(await send<CoveragePreview>('POST', coverage('preview'), change)), version };
    },
    enabled: change !== null,
    retry: false,
    staleTime: 0,
  });
  const act = useAct({
    account,
    run: () => send('POST', coverage('apply'), { ...change, moveExisting }, preview.data?.version ?? {}),
    done: () => t('common.saved'),
    onDone: onClose,
  });
  useAfresh(act, change !== null);
  // What was wished for with another change is not wished for with this one.
  useEffect(() => setMoveExisting(false), [change]);
  return (
    <TypedConfirm
      opened={change !== null}
      onClose={onClose}
      title={t('coverage.change')}
      phrase={null}
      act={t('coverage.apply')}
      ready={preview.data !== undefined}
      pending={act.isPending}
      error={act.error}
      onConfirm={() => act.mutate(undefined)}
    >
      <Loaded query={preview}>{(found) => <Effect preview={found} />}</Loaded>
      {preview.data && preview.data.existing.some(({ count }) => count > 0) && (
        <Checkbox
          label={t('coverage.moveExisting')}
          description={t('coverage.moveExistingWhy')}
          checked={moveExisting}
          onChange={(event) => setMoveExisting(event.currentTarget.checked)}
        />
      )}
    </TypedConfirm>
  );
}

/** What the change is made to. */
function placeOf(account: string, change: CoverageChange): string {
  return change.kind === 'GROUP'
    ? path('accounts', account, 'groups', change.group)
    : path('accounts', account);
}

function Effect({ preview: { newAssets, existing } }: { readonly preview: CoveragePreview }) {
  const { t } = useTranslation();
  const { number, list } = useFormat();
  return (
    <div className="stack-m">
      <h3>{t('coverage.newAssets')}</h3>
      {newAssets.length === 0 ? (
        <p>{t('coverage.nothingNew')}</p>
      ) : (
        <ul className="plain">
          {newAssets.map(({ srvId, type, owners, before, after }) => (
            <li key={`${srvId} ${type}`}>
              <span className="strong">{type}</span>{' '}
              <span className="muted small">
                {typeof owners === 'string' ? t(`owners.${owners}`) : list(owners)}
              </span>
              <br />
              {t(`protection.${before.protection}`)} → {t(`protection.${after.protection}`)}
            </li>
          ))}
        </ul>
      )}
      <h3>{t('coverage.existing')}</h3>
      {existing.length === 0 ? (
        <p>{t('coverage.nothingExisting')}</p>
      ) : (
        <ul className="plain">
          {existing.map(({ srvId, type, kind, count, ownerUnknown }) => (
            <li key={`${srvId} ${type} ${kind}`}>
              <span className="strong">{type}</span>:{' '}
              {t('coverage.wouldMove', { count, number: number(count), way: t(`moves.means.${kind}`) })}
              {ownerUnknown > 0 && ` ${t('coverage.ownerUnknown', { number: number(ownerUnknown) })}`}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
