import test from 'ava';
import { regional } from '../../../portal/parts/regional.ts';

const ROWS: Record<string, [language: string, preferred: readonly string[], expected: string]> = {
  'the first of the browser’s in that language': ['en', ['ja-JP', 'en-GB', 'en-US'], 'en-GB'],
  'none of the browser’s': ['ja', ['en-GB'], 'ja'],
  'one that is no language tag': ['en', ['en-US@posix'], 'en'],
  'one that is no language tag, and one that is': ['en', ['en-US@posix', 'en-IE'], 'en-IE'],
};

for (const [name, [language, preferred, expected]] of Object.entries(ROWS)) {
  test(name, (t) => {
    t.is(regional(language, preferred), expected);
    t.notThrows(() => new Intl.NumberFormat(expected));
  });
}
