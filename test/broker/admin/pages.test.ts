import test from 'ava';
import { byId, pageOfAll, readPage } from '../../../broker/admin/pages.ts';
import { adminWorld, OPERATOR } from '../../support/admin-world.ts';
import { operationsOf, urlOf } from '../../support/api-operations.ts';
import { populate } from '../../support/api-tour.ts';

const items = ['a', 'b', 'c', 'd', 'e'].map((id) => ({ id }));

for (const order of ['ASCENDING', 'DESCENDING'] as const) {
  test(`${order}: pages put together are the list, also when items go meanwhile`, async (t) => {
    const expected = (order === 'ASCENDING' ? items : items.toReversed()).map(byId);
    const seen: string[] = [];
    let cursor: string | undefined;
    for (let left = [...items]; ; left = left.filter(({ id }) => id !== seen.at(-1))) {
      const paging = { limit: '2', ...(cursor !== undefined && { cursor }) };
      const page = await pageOfAll('items', paging, left, byId, order);
      seen.push(...page.items.map(byId));
      if (page.next === null) break;
      cursor = page.next;
    }
    t.deepEqual(seen, expected);
  });
}

test('a page that ends with the list says so', async (t) => {
  const page = await readPage('items', { limit: '5' }, () => Promise.resolve(items), byId);
  t.is(page.next, null);
  t.is(page.items.length, 5);
});

test('every list comes in pages of one shape, and in the same order', async (t) => {
  const world = await adminWorld(t);
  const { ask } = world;
  const names = await populate(world);
  for (const id of ['0001/MeetingTranscript', '0003/PhoneVoicemail']) {
    await ask(OPERATOR, 'PUT', `/v1/accounts/acme/enrolments/${id}`);
    await ask(OPERATOR, 'PUT', `/v1/accounts/acme/on-failure/${id}`, { body: { wish: 'DROP_SESSION' } });
  }
  await ask(OPERATOR, 'PUT', '/v1/accounts/acme/groups/legal', {
    body: { name: 'Legal', licensed: true, members: [] },
  });
  const lists = operationsOf(world.app).filter(({ method, responses }) => {
    const answer = JSON.stringify(responses['200'] ?? {});
    return (
      method === 'GET' && /"properties":\{"\w+":\{"type":"array"/.test(answer) && answer.includes('"next"')
    );
  });
  t.true(lists.length > 14, 'and what is called a list is one');
  const arrays = operationsOf(world.app).filter(({ operationId }) => operationId.startsWith('list'));
  t.deepEqual(
    arrays
      .map(({ operationId }) => operationId)
      .filter((id) => !lists.some((each) => each.operationId === id)),
    [],
  );
  let several = 0;
  for (const { operationId, path } of lists) {
    const url = urlOf(path, names);
    const whole = (await ask(OPERATOR, 'GET', `${url}?limit=1000`)).body;
    const [name = ''] = Object.keys(whole).filter((each) => each !== 'next');
    t.is(whole['next'], null, operationId);
    const seen: unknown[] = [];
    for (let cursor = ''; ;) {
      const { status, body } = await ask(OPERATOR, 'GET', `${url}?limit=1${cursor}`);
      t.is(status, 200, operationId);
      const page = body[name] as unknown[];
      t.true(page.length <= 1, operationId);
      seen.push(...page);
      if (body['next'] === null) break;
      cursor = `&cursor=${body['next'] as string}`;
    }
    t.deepEqual(seen, whole[name], operationId);
    if (seen.length > 1) several++;
    const odd = await ask(OPERATOR, 'GET', `${url}?cursor=bm9uc2Vuc2U`);
    t.is(`${odd.status} ${String(odd.body['code'])}`, '400 INVALID_ARGUMENT', operationId);
  }
  t.true(several > 9, `${several} lists were longer than a page`);
});
