import test from 'ava';
import { moveBytes } from '../../core/move-bytes.ts';

test('the bytes are moved, and the source is freed', (t) => {
  const source = Buffer.allocUnsafeSlow(4).fill('abcd');
  const out = Buffer.alloc(6);
  moveBytes(source, out, 1);
  t.is(out.toString('hex'), '006162636400');
  t.is(source.length, 0);
});

test('a buffer of the shared pool is left alone, for its neighbours’ sake', (t) => {
  const neighbour = Buffer.from('neighbour');
  const pooled = Buffer.from('abcd');
  t.is(pooled.buffer, neighbour.buffer);
  moveBytes(pooled, Buffer.alloc(4), 0);
  t.is(neighbour.toString(), 'neighbour');
});
