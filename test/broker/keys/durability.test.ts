import test from 'ava';
import { CmkError } from '../../../core/errors.ts';
import type { Store } from '../../../broker/store/store.ts';
import { eventually } from '../../support/eventually.ts';
import { keyWorld, ASSET, PATIENT, RECORDER, type KeyWorld } from '../../support/key-world.ts';
import { resolveRequest } from '../../support/resolve-request.ts';

/** Invariants 1 and 8: nothing is handed out before its wrapped form and its audit event are durable. */

type WritingCall = 'insertDataKey' | 'appendAudit';
type Breakage = 'fails' | 'hangs';

interface BreakableStore {
  around(store: Store): Store;
  break(call: WritingCall, how: Breakage): void;
  /** Calls that hang. */
  hanging(): number;
  /** Lets the calls that hang fail at last. */
  giveUp(): void;
}

function breakableStore(): BreakableStore {
  let broken: [WritingCall, Breakage] | null = null;
  const refusal = () => new CmkError('STORE_UNAVAILABLE', 'broken by the test');
  const hanging: ((error: CmkError) => void)[] = [];
  return {
    break: (call, how) => (broken = [call, how]),
    hanging: () => hanging.length,
    giveUp() {
      broken = null;
      for (const reject of hanging) reject(refusal());
    },
    around: (store) =>
      new Proxy(store, {
        get(target, name) {
          const value: unknown = Reflect.get(target, name, target);
          if (typeof value !== 'function') return value;
          return (...args: unknown[]) => {
            if (name !== broken?.[0]) return Reflect.apply(value, target, args) as unknown;
            if (broken[1] === 'fails') return Promise.reject(refusal());
            return new Promise((_, reject) => hanging.push(reject));
          };
        },
      }),
  };
}

interface Row {
  readonly what: string;
  readonly call: WritingCall;
  /** What happens before the store breaks. */
  readonly before?: (world: KeyWorld) => Promise<unknown>;
  readonly attempt: (world: KeyWorld) => Promise<unknown>;
}

const resolve = async (world: KeyWorld) => {
  const request = await resolveRequest(world.store, ASSET);
  return world.resolveDataKey.run(RECORDER, request, PATIENT);
};

const ROWS: readonly Row[] = [
  { what: 'a new data key', call: 'insertDataKey', attempt: (world) => world.issue() },
  {
    what: 'an existing data key for sealing, from the cache',
    call: 'appendAudit',
    before: (world) => world.issue(),
    attempt: (world) => world.issue(),
  },
  {
    what: 'an existing data key for opening, from the cache',
    call: 'appendAudit',
    before: (world) => world.issue(),
    attempt: resolve,
  },
  {
    what: 'an existing data key for opening, from the KMS',
    call: 'appendAudit',
    before: async (world) => {
      await world.issue();
      world.leasedKeys.clear();
    },
    attempt: resolve,
  },
];

for (const { what, call, before, attempt } of ROWS) {
  test(`${what} is not handed out when ${call} fails`, async (t) => {
    const broken = breakableStore();
    const world = await keyWorld(t, broken);
    await before?.(world);
    broken.break(call, 'fails');
    await t.throwsAsync(attempt(world), { code: 'STORE_UNAVAILABLE' });
  });

  test(`${what} is not handed out while ${call} hangs`, async (t) => {
    const broken = breakableStore();
    const world = await keyWorld(t, broken);
    await before?.(world);
    broken.break(call, 'hangs');
    let ended = false;
    const attempted = attempt(world).finally(() => (ended = true));
    await eventually(() => broken.hanging() === 1);
    // Whatever would come without the store would have come by now.
    for (let turn = 0; turn < 500; turn++) await new Promise(setImmediate);
    t.false(ended);
    broken.giveUp();
    await t.throwsAsync(attempted, { code: 'STORE_UNAVAILABLE' });
  });
}

test('a data key whose insert failed is not used for the next caller either', async (t) => {
  const broken = breakableStore();
  const world = await keyWorld(t, broken);
  broken.break('insertDataKey', 'fails');
  await t.throwsAsync(world.issue(), { code: 'STORE_UNAVAILABLE' });
  await t.throwsAsync(world.issue(), { code: 'STORE_UNAVAILABLE' });
  t.is(world.kms.count('generate'), 2);
  t.is(world.leasedKeys.size, 0);
});
