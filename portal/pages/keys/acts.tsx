import { Button } from '@mantine/core';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Key } from '../../api/types.ts';
import { Card } from '../../parts/page.tsx';
import { AddReplica } from './add-replica.tsx';
import { MoveAway } from './move-away.tsx';
import { Restore } from './restore.tsx';
import { Retire } from './retire.tsx';
import { RevokeNow } from './revoke-now.tsx';
import { Rotate } from './rotate.tsx';
import { VerifyAgain } from './verify-again.tsx';

const ACTS = ['verify', 'replica', 'rotate', 'move', 'revoke', 'retire', 'restore'] as const;
type ActName = (typeof ACTS)[number];

/** What is asked of somebody who acts on a key. */
export interface ActProps {
  readonly account: string;
  readonly of: Key;
  readonly keys: readonly Key[];
  readonly opened: boolean;
  readonly onClose: () => void;
}

const DIALOGS: Readonly<Record<ActName, (props: ActProps) => ReactNode>> = {
  verify: VerifyAgain,
  replica: AddReplica,
  rotate: Rotate,
  move: MoveAway,
  revoke: RevokeNow,
  retire: Retire,
  restore: Restore,
};

/** Everything that can be done with a key, from the harmless to the grave; what its state rules out says why. */
export function Acts({ account, of: key, keys }: { account: string; of: Key; keys: readonly Key[] }) {
  const { t } = useTranslation();
  const [open, setOpen] = useState<ActName | null>(null);
  const offered = ACTS.filter((act) => (act === 'restore') === (key.lifecycle === 'RETIRED'));
  const close = () => setOpen(null);
  return (
    <Card title={t('acts.title')}>
      {offered.map((act) => (
        <div key={act} className="act">
          <div>
            <h3>{t(`acts.${act}.name`)}</h3>
            <p className="muted">{t(`acts.${act}.what`)}</p>
          </div>
          <Button
            variant={act === 'revoke' || act === 'retire' ? 'outline' : 'default'}
            color={act === 'revoke' || act === 'retire' ? 'red' : undefined}
            onClick={() => setOpen(act)}
            aria-haspopup="dialog"
          >
            {t(`acts.${act}.open`)}
          </Button>
        </div>
      ))}
      {offered.map((act) => {
        const Dialog = DIALOGS[act];
        return (
          <Dialog key={act} account={account} of={key} keys={keys} opened={open === act} onClose={close} />
        );
      })}
    </Card>
  );
}
