import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import { en, type Texts } from './texts/en.ts';

export const LANGUAGES = ['en', 'ja'] as const;
export type Language = (typeof LANGUAGES)[number];

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'translation';
    resources: { translation: Texts };
  }
}

const STORED_AS = 'cmk-language';

/** Chosen before, else what the browser asks for. */
function firstLanguage(): Language {
  const stored = localStorage.getItem(STORED_AS);
  const wanted = stored === null ? navigator.languages : [stored, ...navigator.languages];
  const known = wanted.map((each) => LANGUAGES.find((language) => each.toLowerCase().startsWith(language)));
  return known.find((each) => each !== undefined) ?? 'en';
}

/** Everything that the portal says is there when this ends. */
export async function startTexts(): Promise<void> {
  await i18next.use(initReactI18next).init({
    lng: 'en',
    fallbackLng: 'en',
    resources: { en: { translation: en } },
    interpolation: { escapeValue: false },
    returnNull: false,
    // A word of a set to which a newer release added it is shown as it is.
    parseMissingKeyHandler: (key) => key.slice(key.lastIndexOf('.') + 1),
  });
  await switchTo(firstLanguage());
}

/** Speaks a language from now on; Japanese is loaded when it is wanted. */
export async function speak(language: Language): Promise<void> {
  localStorage.setItem(STORED_AS, language);
  await switchTo(language);
}

async function switchTo(language: Language): Promise<void> {
  if (language === 'ja' && !i18next.hasResourceBundle('ja', 'translation')) {
    const { ja } = await import('./texts/ja.ts');
    i18next.addResourceBundle('ja', 'translation', ja);
  }
  await i18next.changeLanguage(language);
  document.documentElement.lang = language;
}
