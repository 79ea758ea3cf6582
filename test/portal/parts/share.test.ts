import test from 'ava';
import { shownShare } from '../../../portal/parts/share.ts';

const ROWS: Record<string, [share: number, shown: string]> = {
  nothing: [0, '0%'],
  'next to nothing': [0.0004, '0%'],
  'a little': [0.0349, '3.4%'],
  'what computers cannot write exactly': [0.29, '29%'],
  half: [0.5, '50%'],
  'all but a few': [0.9999, '99%'],
  all: [1, '100%'],
  'more than all': [1.205, '120%'],
};

for (const [name, [given, shown]] of Object.entries(ROWS)) {
  test(name, (t) => {
    const { share, decimals } = shownShare(given);
    const format = new Intl.NumberFormat('en', { style: 'percent', maximumFractionDigits: decimals });
    t.is(format.format(share), shown);
  });
}
