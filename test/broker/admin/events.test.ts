import { get, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import type { Principal } from '../../../broker/model/principal.ts';
import { adminWorld, GONE, HEADER, principal, type AdminWorld } from '../../support/admin-world.ts';
import { eventually } from '../../support/eventually.ts';
import { anAuditEvent } from '../../support/stored-facts.ts';

const AUDITOR = principal('AUDITOR', 'acme');
const SECOND_MS = 1_000;

interface Note {
  readonly id: string;
  readonly topics: readonly string[];
}

/** A browser that listens. */
class Listener {
  readonly response: IncomingMessage;
  text = '';
  ended = false;

  constructor(response: IncomingMessage) {
    this.response = response;
    response.setEncoding('utf8');
    response.on('data', (part: string) => void (this.text += part));
    response.on('close', () => void (this.ended = true));
  }

  get notes(): Note[] {
    return [...this.text.matchAll(/^id: (.*)\nevent: changed\ndata: (.*)$/gm)].map(
      ([, id = '', data = '']) => ({
        id,
        ...(JSON.parse(data) as { topics: string[] }),
      }),
    );
  }
}

async function listen(
  t: ExecutionContext,
  world: AdminWorld,
  { who = AUDITOR, since }: { who?: Principal; since?: string } = {},
): Promise<Listener> {
  const { app } = world;
  if (!app.server.listening) await app.listen({ host: '127.0.0.1', port: 0 });
  const { port } = app.server.address() as AddressInfo;
  const headers = {
    accept: 'text/event-stream',
    [HEADER]: JSON.stringify(who),
    ...(since !== undefined && { 'last-event-id': since }),
  };
  const url = `http://127.0.0.1:${port}/v1/accounts/${who.account}/events`;
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get(url, { headers, agent: false }, resolve).on('error', reject);
  });
  t.teardown(() => response.destroy());
  return new Listener(response);
}

/** Lets a second pass after another, until it is so. */
function passing(world: AdminWorld, isSo: () => boolean): Promise<void> {
  return eventually(() => {
    if (!isSo()) world.clock.advance(SECOND_MS);
    return isSo();
  });
}

test('those who watch an account are told what changed, and nothing of others', async (t) => {
  const world = await adminWorld(t);
  await world.store.putAccount({ id: 'globex', name: 'Globex', licence: 'NONE' }, anAuditEvent());
  const listener = await listen(t, world);
  t.is(listener.response.statusCode, 200);
  t.is(listener.response.headers['content-type'], 'text/event-stream');
  await eventually(() => listener.notes.length === 1);
  t.deepEqual(listener.notes[0]?.topics, []);
  await world.store.appendAudit([anAuditEvent({ account: 'globex' })]);
  await world.views.accountEvents.poll();
  t.is(listener.notes.length, 1);
  await world.store.appendAudit([anAuditEvent()]);
  await passing(world, () => listener.notes.length === 2);
  t.deepEqual(listener.notes[1]?.topics, ['overview', 'activity']);
  await world.store.moveKek(world.kek.id, ['STANDBY', 'ACTIVE'], 'DECRYPT_ONLY', anAuditEvent());
  // In one note, or in two when the look fell between the writes.
  const told = () => new Set(listener.notes.slice(2).flatMap(({ topics }) => topics));
  await passing(world, () => told().has('keys') && told().has('activity'));
  t.false(told().has('moves'));
  t.notRegex(listener.text, /fake:|spiffe|acme/, 'nothing of what it is about');
});

test('whoever comes again is told what was missed', async (t) => {
  const world = await adminWorld(t);
  const first = await listen(t, world);
  await eventually(() => first.notes.length === 1);
  first.response.destroy();
  await eventually(() => world.views.accountEvents.size === 0);
  const since = first.notes[0]?.id ?? '';
  const same = await listen(t, world, { since });
  await eventually(() => same.notes.length === 1);
  t.deepEqual(same.notes, [{ id: since, topics: [] }]);
  await world.store.appendAudit([anAuditEvent()]);
  const later = await listen(t, world, { since });
  await eventually(() => later.notes.length === 1);
  t.deepEqual(later.notes[0]?.topics, ['overview', 'activity']);
  const nonsense = await listen(t, world, { since: 'x' });
  await eventually(() => nonsense.notes[0]?.topics.length === 5);
});

test('a stream gives signs of life, and ends when whom it is for is gone', async (t) => {
  const world = await adminWorld(t);
  const who = principal('ADMINISTRATOR', 'acme', 'leaves@acme.example');
  const listener = await listen(t, world, { who });
  await passing(world, () => listener.text.includes('\n:\n'));
  t.false(listener.ended);
  GONE.add(who.name);
  await passing(world, () => listener.ended);
  await eventually(() => world.views.accountEvents.size === 0);
});

test('there is a bound on streams, and the end of the broker ends them', async (t) => {
  const world = await adminWorld(t);
  const listeners: Listener[] = [];
  for (let count = 0; count < 20; count++) listeners.push(await listen(t, world));
  const oneTooMany = await listen(t, world);
  t.is(oneTooMany.response.statusCode, 429);
  await eventually(() => oneTooMany.text.includes('TOO_MANY_STREAMS'));
  const other = await listen(t, world, { who: principal('ADMINISTRATOR', 'acme') });
  t.is(other.response.statusCode, 200);
  await world.app.close();
  await eventually(() => listeners.every(({ ended }) => ended));
  t.is(world.views.accountEvents.size, 0);
});

test('those who listen about one account take nothing from others, whatever their tokens are called', async (t) => {
  const world = await adminWorld(t);
  const tokenOf = (account: string, number: number) => ({
    ...principal('AUDITOR', account, `token:${number}`),
    via: 'API_TOKEN' as const,
  });
  await world.administration.putAccount('operator', { id: 'globex', name: 'Globex', licence: 'NONE' });
  for (let number = 0; number < 5; number++) {
    for (let count = 0; count < 20; count++) await listen(t, world, { who: tokenOf('globex', number) });
  }
  t.is((await listen(t, world, { who: tokenOf('globex', 5) })).response.statusCode, 429);
  t.is((await listen(t, world, { who: tokenOf('acme', 0) })).response.statusCode, 200);
});

test('a stream that begins while the broker ends is ended, too', async (t) => {
  const world = await adminWorld(t);
  const { overviews } = world.views;
  let isAsked = false;
  let goesOn = false;
  overviews.check = async () => {
    isAsked = true;
    await eventually(() => goesOn);
  };
  const listening = listen(t, world);
  await eventually(() => isAsked);
  let hasClosed = false;
  const closing = world.app.close().then(() => (hasClosed = true));
  await eventually(() => !world.app.server.listening);
  goesOn = true;
  const listener = await listening;
  await eventually(() => listener.ended && hasClosed);
  await closing;
  t.is(world.views.accountEvents.size, 0);
});

test('without a wish for a stream there is one note', async (t) => {
  const world = await adminWorld(t);
  const { status, body } = await world.ask(AUDITOR, 'GET', '/v1/accounts/acme/events');
  t.is(status, 200);
  t.regex(String(body['text']), /^retry: 3000\n\nid: \S+\nevent: changed\ndata: \{"topics":\[\]\}\n\n$/);
  t.is(world.views.accountEvents.size, 0);
});
