import { useTranslation } from 'react-i18next';
import type { BlastRadius } from '../../api/types.ts';
import { Note } from '../../parts/note.tsx';
import { Loaded } from '../../parts/query.tsx';
import { TypedConfirm } from '../../parts/typed-confirm.tsx';
import type { ActProps } from './acts.tsx';
import { useFormat } from '../../parts/format.ts';
import { BlastRadiusTypes, Reach } from './blast-radius.tsx';
import { Consequences } from './consequences.tsx';
import { useKeyAct } from './use-key-act.ts';

/** Has every broker and sidecar forget the key's data keys. The customer's KMS decides about what comes after. */
export function RevokeNow(props: ActProps) {
  const { account, opened, onClose } = props;
  const { t } = useTranslation();
  const { duration } = useFormat();
  const { radius, counts, act } = useKeyAct(props, 'revoke');
  return (
    <TypedConfirm
      opened={opened}
      onClose={onClose}
      title={t('acts.revoke.name')}
      phrase={account}
      act={t('acts.revoke.act')}
      danger
      ready={radius.data !== undefined}
      pending={act.isPending}
      error={act.error}
      onConfirm={() => act.mutate(undefined)}
    >
      <p>{t('acts.revoke.what')}</p>
      <Loaded query={radius}>
        {(found) => {
          const state = isClosed(found) ? 'disabled' : 'enabled';
          return (
            <>
              {state === 'enabled' && (
                <Note tone="warn" title={t('acts.revoke.kmsDecides')}>
                  <p>{t('acts.revoke.disableFirst')}</p>
                </Note>
              )}
              <Consequences
                closed={t(`acts.revoke.${state}.closed`, { ...counts, within: duration(found.leaseMs) })}
                howLong={t(`acts.revoke.${state}.howLong`)}
                undo={t(`acts.revoke.${state}.undo`)}
              />
              <Reach radius={found} />
              <BlastRadiusTypes radius={found} />
            </>
          );
        }}
      </Loaded>
    </TypedConfirm>
  );
}

/** Whether the KMS refuses to open with it, wherever it is. */
function isClosed({ references }: BlastRadius): boolean {
  return references.length > 0 && references.every(({ decrypt }) => decrypt === 'FAILED');
}
