import { createTheme, type CSSVariablesResolver } from '@mantine/core';

const PETROL = [
  '#e9f5f5',
  '#d3e8e9',
  '#a7d0d3',
  '#7fbdc2',
  '#52a2a9',
  '#38929a',
  '#257f88',
  '#1b6a73',
  '#175a63',
  '#0f454d',
] as const;

const RED = [
  '#fdeeec',
  '#fbd9d5',
  '#f6b4ad',
  '#f59a91',
  '#ff9d94',
  '#e0574c',
  '#cf3a30',
  '#b52d24',
  '#a5261e',
  '#7d1b15',
] as const;

/** Of what lies below and beside cards in the dark; see styles/base.css. */
const DARK = [
  '#e3eaed',
  '#c3ced3',
  '#a0b0b8',
  '#6f8089',
  '#43525a',
  '#2d3a40',
  '#1f2b30',
  '#192226',
  '#141c20',
  '#11181b',
] as const;

const FONTS =
  'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Hiragino Sans", "Yu Gothic UI", "Noto Sans CJK JP", sans-serif';

export const THEME = createTheme({
  primaryColor: 'petrol',
  primaryShade: { light: 8, dark: 7 },
  autoContrast: true,
  colors: { petrol: PETROL, red: RED, dark: DARK },
  fontFamily: FONTS,
  fontFamilyMonospace:
    'ui-monospace, "Cascadia Mono", "SF Mono", Menlo, Consolas, "Noto Sans Mono", monospace',
  headings: { fontFamily: FONTS, fontWeight: '620' },
  defaultRadius: 'sm',
  cursorType: 'pointer',
  respectReducedMotion: true,
  // Within main, where a dialog's header is no second banner of the page.
  components: { Modal: { defaultProps: { portalProps: { target: '#main' } } } },
  fontSizes: { xs: '0.8125rem', sm: '0.9375rem', md: '1rem', lg: '1.125rem', xl: '1.375rem' },
});

/** Mantine's own colours follow ours: see styles/base.css. */
export const VARIABLES: CSSVariablesResolver = () => {
  const ours = {
    '--mantine-color-body': 'var(--surface)',
    '--mantine-color-text': 'var(--text)',
    '--mantine-color-dimmed': 'var(--muted)',
    '--mantine-color-placeholder': 'var(--muted)',
    '--mantine-color-default': 'var(--card)',
    '--mantine-color-default-color': 'var(--text)',
    '--mantine-color-default-hover': 'var(--hover)',
    '--mantine-color-default-border': 'var(--control)',
    '--mantine-color-error': 'var(--bad)',
    '--mantine-color-anchor': 'var(--accent)',
  };
  return { variables: {}, light: ours, dark: ours };
};
