import test from 'ava';
import { summarize } from '../../../broker/alerts/summary.ts';
import type { NewerWord } from '../../../broker/model/newer-word.ts';
import { anAlert } from '../../support/stored-facts.ts';

const NEWER = 'FROM_TOMORROW' as NewerWord;

test('words that only a newer release knows are told as they are', (t) => {
  const status = summarize([anAlert({ reference: 'r', use: NEWER, from: NEWER, to: NEWER, cause: NEWER })]);
  t.is(status.title, 'Key r is now FROM_TOMORROW');
  t.is(status.cause, 'The key cannot be used. (FROM_TOMORROW)');
  t.regex(status.happened.join(), /from_tomorrow status of r: FROM_TOMORROW → FROM_TOMORROW/);
  const move = { kind: 'MOVE_ENDED', from: 'a', to: 'b', outcome: NEWER, moved: 1, left: 2 } as const;
  const lifecycle = { kind: 'KEY_LIFECYCLE', reference: 'r', from: NEWER, to: NEWER } as const;
  for (const facts of [move, lifecycle]) {
    const { title, consequence, action, happened } = summarize([anAlert({}, { facts })]);
    t.true(happened.join().includes(NEWER));
    for (const words of [title, consequence, action]) t.notRegex(words, /undefined/);
  }
});

test('of several the worst that is known names the message', (t) => {
  const [newer, failed] = [anAlert({ use: 'ENCRYPT', to: NEWER }), anAlert({ to: 'FAILED' })];
  t.regex(summarize([failed, newer]).title, /cannot be used/);
});
