import { notifications } from '@mantine/notifications';
import { useTranslation } from 'react-i18next';
import { useAnnounce } from './announce.tsx';

/** What was said last of what went well: one at a time, so that they do not pile up over the page. */
let latest: string | null = null;

/** Says something in a corner of the page, and to those who do not see it. What went wrong stays until it is closed. */
export function useNotify(): (message: string, tone: 'ok' | 'bad') => void {
  const { t } = useTranslation();
  const announce = useAnnounce();
  return (message, tone) => {
    if (latest !== null) notifications.hide(latest);
    latest = null;
    const id = notifications.show({
      message,
      color: tone === 'ok' ? 'petrol' : 'red',
      withBorder: true,
      closeButtonProps: { 'aria-label': t('common.close') },
      ...(tone === 'bad' && { autoClose: false }),
    });
    if (tone === 'ok') latest = id;
    announce(message);
  };
}
