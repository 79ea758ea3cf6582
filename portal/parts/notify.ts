import { notifications } from '@mantine/notifications';
import { useTranslation } from 'react-i18next';
import { useAnnounce } from './announce.tsx';

/** Says something in a corner of the page, and to those who do not see it. What went wrong stays until it is closed. */
export function useNotify(): (message: string, tone: 'ok' | 'bad') => void {
  const { t } = useTranslation();
  const announce = useAnnounce();
  return (message, tone) => {
    notifications.show({
      message,
      color: tone === 'ok' ? 'petrol' : 'red',
      withBorder: true,
      closeButtonProps: { 'aria-label': t('common.close') },
      ...(tone === 'bad' && { autoClose: false }),
    });
    announce(message);
  };
}
