import test from 'ava';
import { assetPath } from '../../../portal/pages/assets/asset-path.ts';
import { partOfAddress } from '../../../portal/parts/part-of-address.ts';

for (const id of ['meeting-1', 'a/b', '100%', '%41', '%2541', 'a%2Fb', '%zz', '?q#h', '../..', '%E0%A4%A']) {
  test(`the asset ${id} is found by the address of its page`, (t) => {
    const { pathname } = new URL(
      assetPath('acme', { srvId: '0001', type: 'Clip', id }),
      'https://cmk.example',
    );
    t.is(partOfAddress(pathname, 5), id);
  });
}

test('what is not well escaped stays as it is', (t) => {
  t.is(partOfAddress('/accounts/%zz/keys', 1), '%zz');
  t.is(partOfAddress('/accounts', 5), '');
});
