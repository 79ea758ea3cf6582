import { useTranslation } from 'react-i18next';
import { useFormat } from '../../parts/format.ts';
import { Note } from '../../parts/note.tsx';
import { Loaded } from '../../parts/query.tsx';
import { TypedConfirm } from '../../parts/typed-confirm.tsx';
import type { ActProps } from './acts.tsx';
import { BlastRadiusTypes } from './blast-radius.tsx';
import { Consequences } from './consequences.tsx';
import { useKeyAct } from './use-key-act.ts';

/** Ends a key's life here: what it protects stays closed until it is brought back. */
export function Retire(props: ActProps) {
  const { account, opened, onClose } = props;
  const { t } = useTranslation();
  const { number } = useFormat();
  // What was read here: if another number is true by now, nothing is done.
  const { radius, counts, act } = useKeyAct(props, 'retire', () => ({
    ...(dataKeys > 0 && { acceptUnreadable: true, dataKeys }),
    ...(endsUse && { acceptNoKey: true }),
  }));
  const dataKeys = radius.data?.dataKeys ?? 0;
  const endsUse = radius.data?.newDataIfRetired === 'PLATFORM_KEY';
  return (
    <TypedConfirm
      opened={opened}
      onClose={onClose}
      title={t('acts.retire.name')}
      phrase={account}
      act={
        dataKeys === 0
          ? t('acts.retire.act')
          : t('acts.retire.actUnreadable', { count: dataKeys, number: number(dataKeys) })
      }
      danger
      ready={radius.data !== undefined}
      pending={act.isPending}
      error={act.error}
      onConfirm={() => act.mutate(undefined)}
    >
      <p>{t('acts.retire.what')}</p>
      {endsUse && (
        <Note tone="warn" title={t('acts.retire.lastKey')}>
          <p>{t('acts.retire.enrolFirst')}</p>
        </Note>
      )}
      {dataKeys > 0 && (
        <Note tone="bad" title={t('acts.retire.unreadable', { count: dataKeys, number: number(dataKeys) })}>
          <p>{t('acts.retire.moveFirst')}</p>
        </Note>
      )}
      <Loaded query={radius}>
        {(found) => (
          <>
            <Consequences
              closed={dataKeys === 0 ? t('consequences.nothing') : t('acts.retire.closed', counts)}
              howLong={dataKeys === 0 ? undefined : t('acts.retire.howLong')}
              newData={t(`newData.${found.newDataIfRetired}`)}
              undo={t('acts.retire.undo')}
            />
            <BlastRadiusTypes radius={found} />
          </>
        )}
      </Loaded>
    </TypedConfirm>
  );
}
