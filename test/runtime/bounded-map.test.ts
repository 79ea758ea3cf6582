import test from 'ava';
import { boundedMap } from '../../runtime/bounded-map.ts';

test('the entry that was used least recently makes room for a new one', (t) => {
  const gone: string[] = [];
  const map = boundedMap<{ name: string }>(2, ({ name }) => gone.push(name));
  for (const name of ['one', 'two']) map.set(name, { name });
  t.is(map.get('one')?.name, 'one');
  map.set('three', { name: 'three' });
  t.deepEqual([...map.keys()].sort(), ['one', 'three']);
  t.deepEqual(gone, ['two']);
});

test('there are never more entries than the bound', (t) => {
  const map = boundedMap<{ number: number }>(100);
  for (let number = 0; number < 1_000; number++) map.set(String(number), { number });
  t.is(map.size, 100);
  t.true(map.has('999'));
  t.false(map.has('899'));
});
