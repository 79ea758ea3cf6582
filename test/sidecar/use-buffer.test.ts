import test from 'ava';
import { UseBuffer } from '../../sidecar/use-buffer.ts';

const use = (id: number, account = 'acme') => ({
  asset: { account, srvId: '0001', type: 'MeetingWebinarRecording', id: `meeting-${id}` },
  reason: 'REASON_STORAGE' as const,
});

test('equal uses are one entry, with the first and the last time', (t) => {
  const buffer = new UseBuffer(() => t.fail());
  for (const at of [5, 7, 9]) buffer.count('OPEN', use(1), 'key', at);
  for (const other of [use(2), use(1, 'globex')]) buffer.count('OPEN', other, 'key', 10);
  buffer.count('SEAL', use(1), 'key', 10);
  const { uses } = buffer.take(10);
  t.like(uses[0], { count: 3, firstAt: 5, lastAt: 9 });
  t.is(uses.length, 4);
  t.true(buffer.isEmpty);
});

test('over its bound only the number is kept, of as many accounts as it can; nothing is lost uncounted', (t) => {
  let lost = 0;
  const buffer = new UseBuffer((count) => (lost += count));
  for (let id = 0; id < 10_000; id++) buffer.count('OPEN', use(id), 'key', id);
  for (let id = 0; id < 3_000; id++)
    buffer.count('OPEN', use(10_000 + id, `account-${id % 1_500}`), 'key', 20_000);
  buffer.count('OPEN', use(1), 'key', 30_000);
  t.is(lost, 3_000);
  let told = 0;
  for (let apart = 0; !buffer.isEmpty;) {
    const items = buffer.take(100);
    t.true(items.uses.length <= 100 && items.lost.length <= 100);
    apart += items.lost.length;
    t.true(apart <= 1_001);
    told += [...items.uses, ...items.lost].reduce((sum, { count }) => sum + count, 0);
  }
  t.is(told, 13_001);
});
