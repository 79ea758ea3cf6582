import { useTranslation } from 'react-i18next';
import { regional } from './regional.ts';
import { shownShare } from './share.ts';

const UNITS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 31_536_000_000],
  ['month', 2_592_000_000],
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
];

/** Numbers and times in the language that is spoken. */
export function useFormat() {
  const { i18n } = useTranslation();
  const language = regional(i18n.language, navigator.languages);
  return {
    number: (value: number) => new Intl.NumberFormat(language).format(value),
    rate: (value: number) => new Intl.NumberFormat(language, { maximumFractionDigits: 1 }).format(value),
    percent: (whole: number) => {
      const { share, decimals } = shownShare(whole);
      return new Intl.NumberFormat(language, { style: 'percent', maximumFractionDigits: decimals }).format(
        share,
      );
    },
    /** @param ms UNIX milliseconds */
    time: (ms: number) =>
      new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'medium' }).format(ms),
    hour: (ms: number) =>
      new Intl.DateTimeFormat(language, {
        month: 'short',
        day: 'numeric',
        hour: '2-digit',
        minute: '2-digit',
      }).format(ms),
    clock: (ms: number) =>
      new Intl.DateTimeFormat(language, { hour: '2-digit', minute: '2-digit' }).format(ms),
    /** @param ms the beginning of a day of UTC, which is another day in half of the world */
    day: (ms: number) =>
      new Intl.DateTimeFormat(language, { month: 'short', day: 'numeric', timeZone: 'UTC' }).format(ms),
    ago: (ms: number, now = Date.now()) => {
      const difference = ms - now;
      const [unit, size] = UNITS.find(([, each]) => Math.abs(difference) >= each) ?? ['second', 1_000];
      return new Intl.RelativeTimeFormat(language, { numeric: 'auto' }).format(
        Math.round(difference / size),
        unit,
      );
    },
    /** The two largest units. @param ms milliseconds */
    duration: (ms: number) => {
      const parts: string[] = [];
      let left = Math.max(0, ms);
      for (const [unit, size] of UNITS.slice(2)) {
        const count = Math.floor(left / size);
        left -= count * size;
        if (count > 0 || (unit === 'second' && parts.length === 0)) {
          parts.push(
            new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'short' }).format(count),
          );
        }
      }
      return parts.slice(0, 2).join(' ');
    },
    list: (items: readonly string[]) => new Intl.ListFormat(language).format(items),
  };
}
