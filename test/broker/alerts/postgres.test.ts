import test from 'ava';
import { alertWorld, CONTACT, deliverNow, mailSender } from '../../support/alert-world.ts';
import { startMailServer } from '../../support/mail-server.ts';
import { PostgresServer } from '../../support/postgres.ts';
import { anAlert } from '../../support/stored-facts.ts';

let server: PostgresServer;

test.before(async () => {
  server = await PostgresServer.start();
});
test.after.always(() => server.remove());

test('three brokers on one PostgreSQL that deliver at the same time send each mail once', async (t) => {
  const location = { databaseUrl: await server.createDatabase(), poolSize: 4 };
  const worlds = [
    await alertWorld(t, { location }),
    await alertWorld(t, { location }),
    await alertWorld(t, { location }),
  ];
  const mails = await startMailServer(t);
  const brokers = worlds.map((world) =>
    world.outbox({ senders: { MAIL: mailSender(mails.url), WEBHOOK: null } }),
  );
  const [first] = worlds;
  if (!first) return t.fail();
  for (let index = 0; index < 30; index++) {
    await first.store.alerts.raise([anAlert({ reference: `key ${index}` }, { at: first.clock.wallMs() })]);
  }
  for (const { clock } of worlds) clock.advance(2_000);
  for (let round = 0; round < 6; round++) await deliverNow(...brokers);
  t.is(mails.mails.length, 30);
  t.is(new Set(mails.mails.map(({ messageId }) => messageId)).size, 30);
  t.true(mails.mails.every(({ to }) => to[0] === CONTACT));
  t.true(
    worlds.filter(({ seen }) => seen.ends.length > 0).length > 1,
    'more than one broker had a part in it',
  );
});
