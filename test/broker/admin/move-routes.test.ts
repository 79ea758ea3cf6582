import test from 'ava';
import type { Move } from '../../../broker/model/moves.ts';
import { eventually } from '../../support/eventually.ts';
import { brokerWorld, issue, type BrokerWorld } from '../../support/broker-world.ts';
import { ASSET } from '../../support/key-world.ts';

const PATH = '/v1/accounts/acme/moves';

async function moveWorld(t: Parameters<typeof brokerWorld>[0]) {
  const world = await brokerWorld(t);
  const keys = await world.store.listKeks(null);
  await issue(world.recorder);
  return { ...world, platform: keys[0]?.id ?? '' };
}

const leave = ({ kekId }: BrokerWorld, facts: object = {}) => ({
  kind: 'LEAVE',
  selection: { kekIds: [kekId] },
  target: 'platform',
  ...facts,
});

test('a dry run counts by service and type, and starts nothing', async (t) => {
  const world = await moveWorld(t);
  const selection = { kekIds: [world.kekId], srvId: ASSET.srvId, type: ASSET.type, owners: ['user-1'] };
  const answer = await world.admin('POST', PATH, leave(world, { selection, dryRun: true }));
  const counts = [{ srvId: ASSET.srvId, type: ASSET.type, count: 1 }];
  const plan = { account: 'acme', kind: 'LEAVE', selection, target: world.platform };
  t.deepEqual(answer, { status: 200, body: { preview: { ...plan, counts, total: 1 } } });
  t.deepEqual((await world.admin('GET', PATH)).body, { moves: [], next: null });
});

test('a move is started, followed, paused, resumed and cancelled', async (t) => {
  const world = await moveWorld(t);
  const { status, body } = await world.admin('POST', PATH, leave(world));
  t.is(status, 201);
  const { move } = body as { move: Move };
  t.like(move, { kind: 'LEAVE', target: world.platform, total: 1, perSecond: null });
  t.false('pace' in move);
  const read = async () => (await world.admin('GET', `${PATH}/${move.id}`)).body as { move: Move };
  await eventually(async () => (await read()).move.left === 0);
  t.like((await read()).move, { state: 'RUNNING', moved: 1, failures: [] });
  t.is((await world.store.findNewestDataKey(ASSET))?.protection, 'PLATFORM_KEY');
  t.is(await world.metric('cmk_moved_data_keys_total', { outcome: 'MOVED' }), 1);
  t.is(await world.metric('cmk_moves_running'), 0);
  for (const [act, state] of [
    ['pause', 'PAUSED'],
    ['resume', 'RUNNING'],
    ['cancel', 'CANCELLED'],
  ] as const) {
    const changed = await world.admin('POST', `${PATH}/${move.id}/${act}`);
    t.like(changed, { status: 200 });
    t.is((changed.body as { move: Move }).move.state, state);
  }
  const again = await world.admin('POST', `${PATH}/${move.id}/cancel`);
  t.like(again, { status: 409 });
  t.like(again.body, { code: 'CONFLICT' });
  const { moves } = (await world.admin('GET', PATH)).body as { moves: Move[] };
  t.deepEqual(
    moves.map(({ id, state }) => ({ id, state })),
    [{ id: move.id, state: 'CANCELLED' }],
  );
});

test('what is refused is a problem with its code, and starts nothing', async (t) => {
  const world = await moveWorld(t);
  const unknown = '00000000-0000-7000-8000-000000000000';
  const rows: [string, string, unknown, number, string][] = [
    ['an unknown kind', PATH, leave(world, { kind: 'STEAL' }), 400, 'INVALID_ARGUMENT'],
    ['a member that nobody knows', PATH, leave(world, { force: true }), 400, 'INVALID_ARGUMENT'],
    ['no source', PATH, leave(world, { selection: { kekIds: [] } }), 400, 'INVALID_ARGUMENT'],
    ['a target that is no id', PATH, leave(world, { target: 'mine' }), 400, 'INVALID_ARGUMENT'],
    ['the wrong way', PATH, leave(world, { kind: 'ENROL' }), 400, 'INVALID_ARGUMENT'],
    ['a key that is not there', PATH, leave(world, { target: unknown }), 404, 'NOT_FOUND'],
    ['another account’s key', '/v1/accounts/globex/moves', leave(world), 404, 'NOT_FOUND'],
    ['an unknown account', '/v1/accounts/nobody/moves', leave(world), 404, 'ACCOUNT_UNKNOWN'],
    ['a move that is not there', `${PATH}/${unknown}/pause`, undefined, 404, 'NOT_FOUND'],
  ];
  for (const [name, path, body, status, code] of rows) {
    const answer = await world.admin('POST', path, body);
    t.is(answer.status, status, name);
    t.like(answer.body, { code }, name);
  }
  t.deepEqual((await world.admin('GET', PATH)).body, { moves: [], next: null });
});
