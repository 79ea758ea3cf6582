import test from 'ava';
import { CmkError } from '../../../core/errors.ts';
import type { Enrolment } from '../../../broker/keys/enrol-key.ts';
import { ensurePlatformKey } from '../../../broker/keys/platform-key.ts';
import type { Kek } from '../../../broker/model/types.ts';
import { aKek } from '../../support/stored-facts.ts';

const REFERENCE = 'arn:aws:kms:eu-central-1:111122223333:key/platform';

function world(enrol: (stored: Kek[]) => Promise<Enrolment>) {
  const stored: Kek[] = [];
  const store = { listKeks: () => Promise.resolve([...stored]) };
  const enrolKey = { run: () => enrol(stored) } as never;
  return { stored, ensure: () => ensurePlatformKey({ store, enrolKey }, 'aws', [REFERENCE]) };
}

test('two brokers that start at once end with the same key', async (t) => {
  const first = aKek({ account: null, references: [REFERENCE] });
  const { ensure } = world((stored) => {
    // The other one was faster.
    stored.push(first);
    return Promise.reject(new CmkError('CONFLICT', 'stored already'));
  });
  t.is((await ensure()).id, first.id);
});

test('a key that is a customer’s is not the platform’s', async (t) => {
  const { ensure } = world(() => Promise.reject(new CmkError('CONFLICT', 'stored already')));
  await t.throwsAsync(ensure(), { code: 'CONFLICT' });
});

test('a key that does not pass ends the start with the setting’s name and the step', async (t) => {
  const error = new CmkError('KEY_DISABLED', 'the key is disabled');
  const detail = 'KEY_DISABLED: the key is disabled';
  const failed = { outcome: 'FAILED', cause: 'KEY_DISABLED', detail, advice: 'enable it' } as const;
  const skipped = { outcome: 'SKIPPED', cause: null, detail: null, advice: null } as const;
  const steps = [
    { step: 'DESCRIBE', reference: REFERENCE, ...failed },
    { step: 'KIND', reference: REFERENCE, ...skipped },
  ] as const;
  const { ensure } = world(() => Promise.resolve({ ok: false, error, steps }));
  await t.throwsAsync(ensure(), {
    code: 'CONFIG_INVALID',
    message: 'CMK_PLATFORM_KEY: DESCRIBE failed: KEY_DISABLED: the key is disabled',
  });
});

test('another setting means another key', async (t) => {
  const fresh = aKek({ account: null, references: [REFERENCE] });
  const { stored, ensure } = world(() => Promise.resolve({ ok: true, kek: fresh, steps: [] }));
  stored.push(aKek({ account: null }));
  t.is((await ensure()).id, fresh.id);
});

test('replicas that the stored key does not have end the start', async (t) => {
  const { stored, ensure } = world(() => Promise.reject(new Error('not reached')));
  stored.push(aKek({ account: null, references: [REFERENCE, `${REFERENCE}-replica`] }));
  await t.throwsAsync(ensure(), {
    code: 'CONFIG_INVALID',
    message: /CMK_PLATFORM_KEY: expected .*-replica, got/,
  });
});
