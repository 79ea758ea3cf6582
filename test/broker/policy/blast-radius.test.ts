import test from 'ava';
import { unknownStatus } from '../../../broker/model/key-status.ts';
import { referenceRadius } from '../../../broker/policy/blast-radius.ts';
import { aKek } from '../../support/stored-facts.ts';

const [ONE, OTHER] = ['fake:one', 'fake:other'];
const KEK = { ...aKek(), references: [ONE, OTHER] } as const;

for (const [status, expected] of [
  ['OK', true],
  ['DEGRADED', true],
  ['FAILED', false],
  // Never seen to open: nobody may be told that nothing is lost without the first.
  ['UNKNOWN', false],
] as const) {
  test(`whether another opens that is ${status}`, (t) => {
    const place = { kekId: KEK.id, reference: OTHER, use: 'DECRYPT' } as const;
    const [one] = referenceRadius(KEK, [{ ...unknownStatus(place), status }]);
    t.is(one?.othersOpen, expected);
  });
}
