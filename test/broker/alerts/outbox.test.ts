import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import test from 'ava';
import { SendError, type Sender } from '../../../broker/alerts/sender.ts';
import type { Delivery } from '../../../broker/model/alerts.ts';
import {
  alertWorld,
  CONTACT,
  deliverNow,
  mailSender,
  TIMEOUT_MS,
  WINDOW_MS,
} from '../../support/alert-world.ts';
import { eventually } from '../../support/eventually.ts';
import { startMailServer } from '../../support/mail-server.ts';
import { anAlert, anAuditEvent, aWebhook, withAccount } from '../../support/stored-facts.ts';

const SETTLE_MS = 2_000;
const SENDER_PROCESS = new URL('../../support/alert-sender-process.ts', import.meta.url).pathname;

/** Takes what it is given; `send` can be exchanged. */
class FakeSender implements Sender {
  readonly taken: Delivery[] = [];
  send: Sender['send'] = (delivery) => {
    this.taken.push(delivery);
    return Promise.resolve();
  };
}

test('an alert is one mail to each contact, and stays one', async (t) => {
  const { store, clock, outbox, seen } = await alertWorld(t);
  const server = await startMailServer(t);
  await store.alerts.setContacts('acme', [CONTACT, 'second@acme.test'], anAuditEvent());
  const broker = outbox({ senders: { MAIL: mailSender(server.url), WEBHOOK: null } });
  await store.alerts.raise([anAlert({}, { at: clock.wallMs() })]);
  await deliverNow(broker);
  t.is(server.mails.length, 0, 'it waits for what belongs to it');
  clock.advance(SETTLE_MS);
  await deliverNow(broker);
  clock.advance(2 * WINDOW_MS);
  await deliverNow(broker);
  t.deepEqual(server.mails.map(({ to }) => to).toSorted(), [[CONTACT], ['second@acme.test']].toSorted());
  t.is(new Set(server.mails.map(({ messageId }) => messageId)).size, 2);
  t.deepEqual(seen.ends, ['MAIL DELIVERED', 'MAIL DELIVERED']);
  t.deepEqual(seen.background, []);
  const [listed] = await store.alerts.list('acme', 10);
  t.deepEqual(listed?.deliveries[0], {
    channel: 'MAIL',
    recipient: CONTACT,
    state: 'DELIVERED',
    attempts: 1,
    problem: null,
    nextTryAt: null,
  });
});

test('a key that flaps for ten minutes sends two mails, and the second says so', async (t) => {
  const { store, clock, outbox } = await alertWorld(t);
  const server = await startMailServer(t);
  const broker = outbox({ senders: { MAIL: mailSender(server.url), WEBHOOK: null } });
  const flaps = 60;
  for (let count = 0; count < flaps; count++) {
    const [to, from, cause] =
      count % 2 === 0 ? (['FAILED', 'OK', 'KEY_DISABLED'] as const) : (['OK', 'FAILED', null] as const);
    await store.alerts.raise([anAlert({ from, to, cause }, { at: clock.wallMs() })]);
    clock.advance(10_000);
    await deliverNow(broker);
    t.is(server.mails.length, 1, `after ${count} changes`);
  }
  clock.advance(WINDOW_MS);
  await deliverNow(broker);
  t.is(server.mails.length, 2);
  t.regex(server.mails[0]?.subject ?? '', /cannot be used$/);
  t.regex(server.mails[1]?.subject ?? '', /works again \(it changed 59 times\)$/);
  clock.advance(2 * WINDOW_MS);
  await deliverNow(broker);
  t.is(server.mails.length, 2, 'and then it is quiet');

  await store.alerts.raise([anAlert({}, { at: clock.wallMs() })]);
  clock.advance(SETTLE_MS);
  await deliverNow(broker);
  t.is(server.mails.length, 3, 'the next change, later, is told at once');
});

test('killed after the alert was stored and before the mail was: another broker sends it, once', async (t) => {
  const { store, outbox, location } = await alertWorld(t, { wallMs: Date.now() + 120_000 });
  const child = spawn(
    process.execPath,
    [
      SENDER_PROCESS,
      JSON.stringify(location),
      'smtp://127.0.0.1:PORT'.replace('PORT', String((await killer()).port)),
    ],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  // A mail server that is reached, and never says a word.
  async function killer() {
    const server = createServer(() => child.kill('SIGKILL'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.teardown(() => void server.close());
    return server.address() as AddressInfo;
  }
  await once(child, 'close');
  const [pending] = await store.alerts.list('acme', 1);
  t.like(pending?.deliveries[0], { state: 'PENDING', attempts: 1 });
  const server = await startMailServer(t);
  const broker = outbox({ senders: { MAIL: mailSender(server.url), WEBHOOK: null } });
  for (let twice = 0; twice < 2; twice++) await deliverNow(broker);
  t.is(server.mails.length, 1);
  t.is((await store.alerts.list('acme', 1))[0]?.deliveries[0]?.state, 'DELIVERED');
});

test('killed between the mail and the note of it: the repetition has the same Message-ID and text', async (t) => {
  const { outbox, location } = await alertWorld(t, { wallMs: Date.now() + 120_000 });
  const child: { kill: () => void } = { kill: () => undefined };
  let dead = false;
  const server = await startMailServer(t, {}, () => {
    child.kill();
    // The first one hears no answer any more.
    return dead ? null : new Promise(() => undefined);
  });
  const running = spawn(process.execPath, [SENDER_PROCESS, JSON.stringify(location), server.url], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child.kill = () => void running.kill('SIGKILL');
  await once(running, 'close');
  dead = true;
  t.is(server.mails.length, 1);
  const broker = outbox({ senders: { MAIL: mailSender(server.url), WEBHOOK: null } });
  for (let twice = 0; twice < 2; twice++) await deliverNow(broker);
  t.is(server.mails.length, 2);
  const [first, second] = server.mails;
  t.is(first?.messageId, second?.messageId);
  t.is(first?.header('date'), second?.header('date'));
  t.is(first?.part('text/plain'), second?.part('text/plain'));
});

test('two brokers at once send nothing twice', async (t) => {
  const { store, clock, outbox } = await alertWorld(t);
  const sender = new FakeSender();
  const brokers = Array.from({ length: 3 }, () => outbox({ senders: { MAIL: sender, WEBHOOK: null } }));
  for (let index = 0; index < 20; index++) {
    await store.alerts.raise([anAlert({ reference: `key ${index}` }, { at: clock.wallMs() })]);
  }
  clock.advance(SETTLE_MS);
  for (let round = 0; round < 5; round++) await deliverNow(...brokers);
  t.is(sender.taken.length, 20);
  t.is(new Set(sender.taken.map(({ id }) => id)).size, 20);
});

test('a failure is tried again with growing pauses, then given up where everybody sees it', async (t) => {
  const { store, clock, outbox, seen } = await alertWorld(t);
  const sender = new FakeSender();
  const attemptsAtMs: number[] = [];
  const startMs = clock.wallMs();
  sender.send = () => {
    attemptsAtMs.push(clock.wallMs() - startMs);
    return Promise.reject(new SendError('mail server: EBUSY'));
  };
  const giveUpMs = 4 * 3_600_000;
  const broker = outbox({ giveUpMs, senders: { MAIL: sender, WEBHOOK: null } });
  await store.alerts.raise([anAlert({}, { at: startMs })]);
  while (clock.wallMs() - startMs < giveUpMs + 2 * WINDOW_MS) {
    clock.advance(attemptsAtMs.length < 8 ? 250 : 60_000);
    await deliverNow(broker);
  }
  const pauses = attemptsAtMs.slice(1).map((atMs, index) => atMs - (attemptsAtMs[index] ?? 0));
  // Three quarters of the longest pause each, as the random number is a half.
  t.deepEqual(pauses.slice(0, 6), [3_750, 7_500, 15_000, 30_000, 60_000, 120_000]);
  t.true(pauses.every((pause) => pause <= 960_000));
  t.true(attemptsAtMs.length < 30, String(attemptsAtMs.length));
  t.is(seen.ends.at(-1), 'MAIL FAILED');
  t.is(seen.ends.filter((end) => end === 'MAIL FAILED').length, 1);
  t.like((await store.alerts.list('acme', 1))[0]?.deliveries[0], {
    state: 'FAILED',
    problem: 'mail server: EBUSY',
  });
});

test('what can never be delivered is given up at once', async (t) => {
  const { store, clock, outbox, seen } = await alertWorld(t);
  const server = await startMailServer(t, {
    onRcptTo: (_address, _session, done) =>
      done(Object.assign(new Error('no such mailbox'), { responseCode: 550 })),
  });
  const broker = outbox({ senders: { MAIL: mailSender(server.url), WEBHOOK: null } });
  await store.alerts.raise([anAlert({}, { at: clock.wallMs() })]);
  clock.advance(SETTLE_MS);
  await deliverNow(broker);
  t.deepEqual(seen.ends, ['MAIL FAILED']);
  t.is((await store.alerts.list('acme', 1))[0]?.deliveries[0]?.problem, 'mail server: EENVELOPE 550 RCPT TO');
});

test('without a mail server, alerts are listed, and say that nobody was told', async (t) => {
  const { store, clock, outbox, seen } = await alertWorld(t);
  await store.alerts.raise([anAlert({}, { at: clock.wallMs() })]);
  clock.advance(SETTLE_MS);
  await deliverNow(outbox());
  t.deepEqual(seen.ends, ['MAIL NOT_CONFIGURED']);
  t.is((await store.alerts.list('acme', 1))[0]?.deliveries[0]?.state, 'NOT_CONFIGURED');
});

test('a mail server that says nothing holds no webhook and no other mail, and is left at the deadline', async (t) => {
  const { store, clock, outbox, seen } = await alertWorld(t);
  let connections = 0;
  const silent = createServer((socket) => {
    connections++;
    socket.on('error', () => undefined).on('close', () => connections--);
  });
  silent.listen(0, '127.0.0.1');
  await once(silent, 'listening');
  t.teardown(() => void silent.close());
  const { port } = silent.address() as AddressInfo;
  const hooks = new FakeSender();
  const broker = outbox({ senders: { MAIL: mailSender(`smtp://127.0.0.1:${port}`), WEBHOOK: hooks } });
  await store.alerts.insertWebhook(aWebhook(), 5, anAuditEvent());
  await store.alerts.raise([anAlert({}, { at: clock.wallMs() })]);
  clock.advance(SETTLE_MS);
  await broker.runOnce();
  await eventually(() => connections === 1 && hooks.taken.length === 1);
  await store.alerts.raise([anAlert({ reference: 'another' }, { at: clock.wallMs() })]);
  clock.advance(SETTLE_MS);
  await broker.runOnce();
  await eventually(() => connections === 2);
  clock.advance(TIMEOUT_MS);
  await broker.settled();
  t.deepEqual(seen.ends.toSorted(), [
    'MAIL PENDING',
    'MAIL PENDING',
    'WEBHOOK DELIVERED',
    'WEBHOOK DELIVERED',
  ]);
  await eventually(() => connections === 0);
});

test('one account’s webhook that hangs takes one place, however much waits for it', async (t) => {
  const { store, clock, outbox } = await alertWorld(t);
  await withAccount(store, 'globex');
  const [slow, quick] = [aWebhook(), aWebhook({ account: 'globex' })];
  for (const webhook of [slow, quick]) await store.alerts.insertWebhook(webhook, 5, anAuditEvent());
  const hooks = new FakeSender();
  const { send } = hooks;
  let hanging = 0;
  hooks.send = (delivery, account, signal) => {
    if (delivery.recipient === quick.id) return send(delivery, account, signal);
    hanging++;
    return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));
  };
  const broker = outbox({ senders: { MAIL: null, WEBHOOK: hooks } });
  for (let index = 0; index < 100; index++) await store.alerts.raise([anAlert({}, { at: clock.wallMs() })]);
  await store.alerts.raise([anAlert({}, { at: clock.wallMs(), account: 'globex' })]);
  await broker.runOnce();
  await eventually(() => hooks.taken.length === 1);
  await broker.runOnce();
  t.is(hanging, 1);
});

test('stopping ends what is under way, and another broker goes on at once', async (t) => {
  const { store, clock, outbox } = await alertWorld(t);
  const hanging = new FakeSender();
  let begun = false;
  hanging.send = (_delivery, _account, signal) => {
    begun = true;
    return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))));
  };
  const first = outbox({ senders: { MAIL: hanging, WEBHOOK: null } });
  await store.alerts.raise([anAlert({}, { at: clock.wallMs() - SETTLE_MS })]);
  first.start();
  clock.advance(1_000);
  await eventually(() => begun);
  await first.stop();
  const sender = new FakeSender();
  await deliverNow(outbox({ senders: { MAIL: sender, WEBHOOK: null } }));
  t.is(sender.taken.length, 1);
});
