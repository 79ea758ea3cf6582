import { PassThrough } from 'node:stream';
import test from 'ava';
import { MalformedReview } from '../../../deploy/injector/admission.ts';
import { RequestBodies } from '../../../deploy/injector/request-bodies.ts';

const MiB = 1024 * 1024;

/** A body that goes on after so many bytes. */
function begun(bytes: number): PassThrough {
  const body = new PassThrough({ highWaterMark: 8 * MiB });
  body.write(Buffer.alloc(bytes, ' '));
  return body;
}

/** Lets everything be read that is there. */
const settled = () => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

test('bodies are read, and of usual length however many there are', async (t) => {
  const bodies = new RequestBodies();
  const all = Array.from({ length: 300 }, () => begun(60_000));
  const read = all.map((body) => bodies.readJson(body));
  await settled();
  for (const body of all) body.end('{"a":1}');
  t.deepEqual(await Promise.all(read), new Array(300).fill({ a: 1 }));
});

test('long bodies that nobody ends do not use up the memory, nor keep usual ones out', async (t) => {
  const bodies = new RequestBodies();
  const slow = Array.from({ length: 20 }, () => begun(3 * MiB));
  const read = slow.map((body) => bodies.readJson(body).catch((error: unknown) => error as Error));
  await settled();
  const usual = begun(50_000);
  usual.end('1');
  t.is(await bodies.readJson(usual), 1);
  for (const body of slow) body.end('1');
  const outcomes = await Promise.all(read);
  t.is(outcomes.filter((each) => each === 1).length, 10);
  t.is(outcomes.filter((each) => each instanceof MalformedReview).length, 10);
  // What was held is free again.
  const next = begun(3 * MiB);
  next.end('2');
  t.is(await bodies.readJson(next), 2);
});

test('what is too long, no JSON, or breaks off is malformed', async (t) => {
  const bodies = new RequestBodies();
  const malformed = (body: PassThrough, message: RegExp) =>
    t.throwsAsync(bodies.readJson(body), { instanceOf: MalformedReview, message });
  await malformed(begun(5 * MiB), /at most 4194304 bytes/);
  const broken = begun(10);
  const told = malformed(broken, /broke off/);
  broken.destroy(new Error('aborted'));
  await told;
  const text = begun(0);
  text.end('{');
  await malformed(text, /expected JSON/);
});
