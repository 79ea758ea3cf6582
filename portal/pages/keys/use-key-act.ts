import { useTranslation } from 'react-i18next';
import { useAct, useAfresh } from '../../api/act.ts';
import { change, path } from '../../api/client.ts';
import { useBlastRadius } from '../../api/queries.ts';
import type { ActProps } from './acts.tsx';
import { useCounts } from './use-counts.ts';

/**
 * An act on a whole key, and what hangs on the key, both new each time that the act's dialog opens.
 * @param body made when it is sent
 */
export function useKeyAct(
  { account, of: key, opened, onClose }: Omit<ActProps, 'keys'>,
  name: 'restore' | 'retire' | 'revoke',
  body?: () => object,
) {
  const { t } = useTranslation();
  const radius = useBlastRadius(account, key.id, opened);
  const counts = useCounts(radius.data);
  const act = useAct({
    account,
    run: () => change('POST', path('accounts', account, 'keys', key.id, name), body?.()),
    done: () => t(`acts.${name}.done`),
    onDone: onClose,
  });
  useAfresh(act, opened);
  return { radius, counts, act };
}
