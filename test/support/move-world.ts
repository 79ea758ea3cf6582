import type { ExecutionContext } from 'ava';
import type { Move } from '../../broker/model/moves.ts';
import type { DataKeyRecord, Kek } from '../../broker/model/types.ts';
import type { DataKey } from '../../core/data-key.ts';
import { ASSET, keyWorld, type KeyWorld, type WorldOptions } from './key-world.ts';

export const idOf = (index: number) => `meeting-${String(index).padStart(3, '0')}`;

/** An account whose data keys are to move. */
export interface MoveWorld extends KeyWorld {
  /** The key that replaces the first. */
  readonly second: Kek;
  readonly secondReference: string;
  /** What the assets' data keys are, by asset. */
  readonly plaintexts: ReadonlyMap<string, string>;
}

/** Data keys under a first key, and a second key that took over. */
export async function moveWorld(
  t: ExecutionContext,
  count: number,
  options?: WorldOptions,
): Promise<MoveWorld> {
  const world = await keyWorld(t, options);
  const plaintexts = new Map<string, string>();
  for (let index = 0; index < count; index++) {
    const grant = await world.issue({ id: idOf(index) });
    plaintexts.set(idOf(index), plaintextOf(grant.dataKey));
  }
  const secondReference = world.kms.createKey('second');
  // Two keys of one second are in the order of their ids; a second apart is plainer.
  world.clock.advance(1_000);
  const enrolment = await world.enrolKey.run('operator', 'acme', {
    provider: 'aws',
    references: [secondReference],
  });
  if (!enrolment.ok) throw enrolment.error;
  world.kms.calls.length = 0;
  return { ...world, second: enrolment.kek, secondReference, plaintexts };
}

export function plaintextOf(dataKey: DataKey): string {
  const bytes = dataKey.copyBytes();
  dataKey[Symbol.dispose]();
  try {
    return Buffer.from(bytes).toString('hex');
  } finally {
    bytes.fill(0);
  }
}

export const rotate = ({ moves, kek, second }: MoveWorld): Promise<Move> =>
  moves.start('operator', {
    account: 'acme',
    kind: 'ROTATE',
    selection: { kekIds: [kek.id] },
    target: second.id,
  });

/** Lets this broker work on what is due. */
export async function turn({ mover }: MoveWorld): Promise<void> {
  await mover.poll();
  await mover.settled();
}

export async function after(world: MoveWorld, ms: number): Promise<void> {
  world.clock.advance(ms);
  await turn(world);
}

export const found = async ({ moves }: MoveWorld, { id }: Move) => moves.find('acme', id);

export async function record({ store }: KeyWorld, id: string): Promise<DataKeyRecord> {
  const stored = await store.findNewestDataKey({ ...ASSET, id });
  if (!stored) throw new Error(`no data key of ${id}`);
  return stored;
}

export async function records(world: MoveWorld): Promise<DataKeyRecord[]> {
  return Promise.all([...world.plaintexts.keys()].map((id) => record(world, id)));
}

export const countUnder = async (world: MoveWorld, { id }: Kek) =>
  (await records(world)).filter(({ kekId }) => kekId === id).length;
