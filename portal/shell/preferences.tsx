import { useMantineColorScheme } from '@mantine/core';
import { IconDeviceDesktop, IconLanguage, IconMoon, IconSun } from '@tabler/icons-react';
import { useTranslation } from 'react-i18next';
import { speak, type Language } from '../i18n.ts';

const SCHEMES = ['auto', 'light', 'dark'] as const;
const ICONS = { auto: IconDeviceDesktop, light: IconSun, dark: IconMoon } as const;

/** Language, and light or dark. */
export function Preferences() {
  const { t, i18n } = useTranslation();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const other: Language = i18n.language === 'ja' ? 'en' : 'ja';
  const next = SCHEMES[(SCHEMES.indexOf(colorScheme) + 1) % SCHEMES.length] ?? 'auto';
  const Icon = ICONS[colorScheme];
  return (
    <>
      <button type="button" className="tool" lang={other} onClick={() => void speak(other)}>
        <IconLanguage size={18} aria-hidden />
        {other === 'ja' ? '日本語' : 'English'}
      </button>
      <button
        type="button"
        className="tool"
        aria-label={t('shell.scheme', {
          now: t(`shell.schemes.${colorScheme}`),
          next: t(`shell.schemes.${next}`),
        })}
        title={t(`shell.schemes.${colorScheme}`)}
        onClick={() => setColorScheme(next)}
      >
        <Icon size={18} aria-hidden />
      </button>
    </>
  );
}
