import test from 'ava';
import { linesOf } from '../../portal/api/lines.ts';
import { withStep } from '../../portal/api/steps.ts';

const STEP = { step: 'DESCRIBE', reference: 'key', cause: null, detail: null, advice: null } as const;
const RUNNING = { ...STEP, outcome: 'RUNNING' } as const;
const OK = { ...STEP, outcome: 'OK' } as const;

function streamOf(pieces: readonly Uint8Array[], failure?: Error): ReadableStream<Uint8Array> {
  const left = [...pieces];
  return new ReadableStream({
    pull(controller) {
      const piece = left.shift();
      if (piece) controller.enqueue(piece);
      else if (failure) controller.error(failure);
      else controller.close();
    },
  });
}

async function hearAll(stream: ReadableStream<Uint8Array>, heard: unknown[]): Promise<void> {
  for await (const lines of linesOf(stream)) heard.push(...lines.map((line): unknown => JSON.parse(line)));
}

test('lines are heard as they come, wherever they are cut', async (t) => {
  const values = [{ step: 'ключ' }, { answer: { ok: true } }];
  const bytes = Buffer.from(values.map((value) => `${JSON.stringify(value)}\n`).join(''));
  for (let size = 1; size <= bytes.length; size++) {
    const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
      bytes.subarray(index * size, (index + 1) * size),
    );
    const heard: unknown[] = [];
    await hearAll(streamOf(pieces), heard);
    t.deepEqual(heard, values, `in pieces of ${size} bytes`);
  }
});

test('a line that breaks off is not heard', async (t) => {
  const heard: unknown[] = [];
  const brokenOff = hearAll(streamOf([Buffer.from('{"step":1}\n{"answer":')]), heard);
  await t.throwsAsync(brokenOff, { message: /breaks off/ });
  const failure = new Error('cut');
  const cut = await t.throwsAsync(hearAll(streamOf([Buffer.from('{"step":2}\n{')], failure), heard));
  t.is(cut, failure);
  t.deepEqual(heard, [{ step: 1 }, { step: 2 }]);
});

test('a step that ends takes the place of itself as it began', (t) => {
  const other = { ...RUNNING, reference: 'replica' };
  t.deepEqual(withStep([], RUNNING), [RUNNING]);
  t.deepEqual(withStep([RUNNING], OK), [OK]);
  t.deepEqual(withStep([OK, other], { ...other, outcome: 'OK' }), [OK, { ...other, outcome: 'OK' }]);
  const again = { ...STEP, outcome: 'FAILED' } as const;
  t.deepEqual(withStep([OK], again), [OK, again], 'what was found behind all steps is one more');
});
