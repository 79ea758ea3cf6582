import test from 'ava';
import { returnTo } from '../../../broker/portal/return-to.ts';

const ORIGIN = 'https://cmk.test';

const KEPT = [
  '/',
  '/accounts/acme',
  '/accounts/acme/keys?sort=name&x=%2F%2Fy',
  '/a#part',
  '/a/../b',
  '/@x',
  '/signed-outs',
];

const REFUSED: Record<string, unknown> = {
  'another site': 'https://evil.example/',
  'another site without a scheme': '//evil.example/',
  'a backslash for a slash': '/\\evil.example/',
  'two of them': '\\\\evil.example',
  'a tab that browsers drop': '/\t/evil.example',
  'a line break that browsers drop': '/\n/evil.example',
  'dots that leave two slashes': '/.//evil.example',
  'the same, longer': '/a/..//evil.example',
  'a script': 'javascript:alert(1)',
  'a path that is not from the root': 'accounts',
  'the sign-in itself': '/sign-in?to=/',
  'the sign-in, with dots': '/a/../sign-in',
  'the way back from the provider': '/sign-in/callback?code=x',
  'the end': '/signed-out',
  'the API': '/v1/me',
  'a header of its own': '/a\r\nset-cookie: x=y',
  'a very long one': `/${'a'.repeat(1_000)}`,
  'two of them at once': ['/a', '/b'],
  nothing: undefined,
  'an empty one': '',
};

test('a path of the portal is kept', (t) => {
  for (const path of KEPT) t.is(returnTo(path, ORIGIN), path === '/a/../b' ? '/b' : path);
});

for (const [name, wish] of Object.entries(REFUSED)) {
  test(`leads to the beginning: ${name}`, (t) => {
    t.is(returnTo(wish, ORIGIN), '/');
  });
}
