import test, { type ExecutionContext } from 'ava';
import type { SMTPServerOptions } from 'smtp-server';
import type { AlertFacts } from '../../../broker/model/alerts.ts';
import { composeMail } from '../../../broker/alerts/mail.ts';
import { createTestCa } from '../../../sandbox/ca.ts';
import { alertWorld, CONTACT, deliverNow, mailSender } from '../../support/alert-world.ts';
import type { ReceivedMail } from '../../../sandbox/received-mail.ts';
import { startMailServer } from '../../support/mail-server.ts';
import { anAccount, anAlert } from '../../support/stored-facts.ts';

const REFERENCE = 'arn:aws:kms:eu-central-1:111122223333:key/one';
const KEK_ID = '01999999-0000-7000-8000-000000000000';

/** The one mail that these alerts make, as a real server got it. */
async function received(t: ExecutionContext, name: string, ...facts: AlertFacts[]): Promise<ReceivedMail> {
  const { store, clock, outbox } = await alertWorld(t, { name });
  const server = await startMailServer(t);
  await store.alerts.raise(
    facts.map((each) => anAlert({}, { facts: each, at: clock.wallMs() - 10_000, kekId: KEK_ID })),
  );
  await deliverNow(outbox({ senders: { MAIL: mailSender(server.url), WEBHOOK: null } }));
  const [mail, ...others] = server.mails;
  if (!mail || others.length > 0) throw new Error(`expected one mail, got ${server.mails.length}`);
  return mail;
}

const KINDS: Record<string, { facts: AlertFacts; subject: RegExp; says: readonly RegExp[] }> = {
  'a key that failed': {
    facts: {
      kind: 'KEY_STATUS',
      reference: REFERENCE,
      use: 'DECRYPT',
      from: 'OK',
      to: 'FAILED',
      cause: 'KEY_DISABLED',
    },
    subject: /^\[CMK\] Acme: Key arn:aws:kms:eu-central-1:111122223333:key\/one cannot be used$/,
    says: [/OK → FAILED \(KEY_DISABLED\)/, /disabled in your KMS/, /does not open/, /enable it/],
  },
  'a key that seals nothing': {
    facts: {
      kind: 'KEY_STATUS',
      reference: REFERENCE,
      use: 'ENCRYPT',
      from: 'OK',
      to: 'FAILED',
      cause: 'KMS_UNREACHABLE',
    },
    subject: /cannot be used$/,
    says: [/does not answer/, /New data cannot be sealed/],
  },
  'a key that is degraded': {
    facts: {
      kind: 'KEY_STATUS',
      reference: REFERENCE,
      use: 'DECRYPT',
      from: 'OK',
      to: 'DEGRADED',
      cause: 'KMS_THROTTLED',
    },
    subject: /works only some of the time$/,
    says: [/limits the rate/, /tried again/],
  },
  'a key that works again': {
    facts: {
      kind: 'KEY_STATUS',
      reference: REFERENCE,
      use: 'DECRYPT',
      from: 'FAILED',
      to: 'OK',
      cause: null,
    },
    subject: /works again$/,
    says: [/FAILED → OK/, /opens again/, /Nothing needs to be done/],
  },
  'fallback that began': {
    facts: { kind: 'FALLBACK_STARTED', reference: REFERENCE, cause: 'KMS_UNREACHABLE' },
    subject: /under the platform key/,
    says: [/does not answer/, /switch fallback off/],
  },
  'fallback that ended': {
    facts: { kind: 'FALLBACK_ENDED', reference: REFERENCE, dataKeys: 17 },
    subject: /protects new data again$/,
    says: [/meanwhile: 17 data keys\./],
  },
  'a move that is done': {
    facts: { kind: 'MOVE_ENDED', from: REFERENCE, to: 'other', outcome: 'DONE', moved: 100, left: 0 },
    subject: /All data keys were moved to other$/,
    says: [/100 data keys\. Nothing needs arn:/],
  },
  'a move that failed': {
    facts: { kind: 'MOVE_ENDED', from: REFERENCE, to: null, outcome: 'FAILED', moved: 60, left: 40 },
    subject: /to the platform key ended before everything was moved$/,
    says: [/Still under arn:.*: 40 data keys\. Keep that key/],
  },
  'a key with another place in its life': {
    facts: { kind: 'KEY_LIFECYCLE', reference: REFERENCE, from: 'ACTIVE', to: 'DECRYPT_ONLY' },
    subject: /is now DECRYPT_ONLY$/,
    says: [/new data is under another key/],
  },
};

for (const [name, { facts, subject, says }] of Object.entries(KINDS)) {
  test(`a mail, text and HTML, says what happened, why, what it means and what to do: ${name}`, async (t) => {
    const mail = await received(t, 'Acme', facts);
    t.regex(mail.subject, subject);
    t.is(mail.header('from'), 'CMK <cmk@cmk.test>');
    t.is(mail.header('to'), CONTACT);
    t.is(mail.header('auto-submitted'), 'auto-generated');
    t.regex(mail.messageId, /^<[0-9a-f-]{36}@cmk\.test>$/);
    const html = mail.part('text/html').replaceAll('&#39;', "'").replaceAll('&quot;', '"');
    for (const pattern of [...says, /What happened/, /What it means/, /What to do/]) {
      t.regex(mail.part('text/plain'), pattern);
      t.regex(html, pattern);
    }
    t.false(mail.raw.includes(KEK_ID), 'our own key ids are not for customers');
  });
}

test('encrypt and decrypt that fail together are one mail', async (t) => {
  const both = (['ENCRYPT', 'DECRYPT'] as const).map((use): AlertFacts => ({
    kind: 'KEY_STATUS',
    reference: REFERENCE,
    use,
    from: 'OK',
    to: 'FAILED',
    cause: 'KEY_DISABLED',
  }));
  const mail = await received(t, 'Acme', ...both);
  t.regex(mail.subject, /cannot be used$/);
  t.regex(mail.part('text/plain'), /does not open[^]*New data cannot be sealed/);
});

const HOSTILE: Record<string, string> = {
  'a line break': 'Acme\r\nBcc: victim@other.test\r\n\r\n<html>',
  'Unicode line ends': 'Acme\u2028Bcc: victim@other.test\u0085x',
  'a text that is an encoded word': '=?UTF-8?Q?Acme=0D=0ABcc:_victim@other.test?=',
  'turned writing': 'Acme \u202egpj.exe',
  markup: '<script>alert("x")</script> & <img src=x onerror=y>',
  'half a character': 'Acme \ud800',
  'a very long name': 'Я'.repeat(200),
};

for (const [title, name] of Object.entries(HOSTILE)) {
  test(`a name cannot add headers, recipients or markup: ${title}`, async (t) => {
    const reference = `${name} key`;
    const mail = await received(t, name, { kind: 'FALLBACK_STARTED', reference, cause: 'KMS_UNREACHABLE' });
    const [head = ''] = mail.raw.split('\r\n\r\n', 1);
    t.deepEqual(mail.to, [CONTACT]);
    t.notRegex(head, /^Bcc/im);
    t.deepEqual(
      [...head.matchAll(/^([A-Za-z-]+):/gm)].map(([, header = '']) => header.toLowerCase()).toSorted(),
      ['auto-submitted', 'content-type', 'date', 'from', 'message-id', 'mime-version', 'subject', 'to'],
    );
    t.notRegex(mail.part('text/html'), /<script|<img/);
    t.notRegex(mail.subject, /[\r\n\u202e]/);
    t.true(Array.from(mail.subject).length <= 240);
    for (const line of head.split('\r\n')) t.true(line.length < 998, String(line.length));
  });
}

test('names in any writing arrive whole', async (t) => {
  const name = 'Zoë Łukasz 株式会社 شركة 🔑';
  const mail = await received(t, name, { kind: 'FALLBACK_ENDED', reference: 'ключ', dataKeys: 1 });
  t.is(mail.subject, `[CMK] ${name}: Your key ключ protects new data again`);
  t.true(mail.part('text/plain').includes(name));
  t.true(mail.part('text/html').includes(name));
});

test('a mail about very many changes has a bound', (t) => {
  const alerts = Array.from({ length: 5_000 }, () => anAlert({ reference: 'r'.repeat(2_048) }));
  const [first, ...rest] = alerts;
  if (!first) return t.fail();
  const { text, html } = composeMail({ alerts: [first, ...rest] }, anAccount());
  t.regex(text, /4988 more/);
  t.true(text.length < 10_000 && html.length < 10_000);
});

/** A server's certificate, for names that all lead to this machine; the parser takes only some of them for loopback. */
async function certified() {
  const ca = await createTestCa();
  const names = { dnsSans: ['localhost'], ipSans: ['127.0.0.1', '0.0.0.0'] };
  const { certPem: cert, keyPem: key } = await ca.issue(names);
  return { ca: [ca.caPem], cert, key };
}

/** Raises an alert, and says how its delivery to this server ends. */
async function senderTo(t: ExecutionContext) {
  const { store, clock, outbox, seen } = await alertWorld(t);
  const send = async (url: string, authorities: readonly string[] | null) => {
    await store.alerts.raise([anAlert({ reference: `key ${seen.ends.length}` }, { at: clock.wallMs() })]);
    clock.advance(2_000);
    const broker = outbox({ senders: { MAIL: mailSender(url, authorities), WEBHOOK: null } });
    await deliverNow(broker);
    await broker.stop();
    return seen.ends.at(-1);
  };
  return { send, seen };
}

test('smtps: the login is inside TLS, and an authority that nobody knows is refused', async (t) => {
  const { ca, cert, key } = await certified();
  const logins: string[] = [];
  const server = await startMailServer(t, {
    cert,
    key,
    secure: true,
    authOptional: false,
    onAuth: ({ username, password }, session, done) => {
      logins.push(`${username ?? ''} ${password ?? ''} ${session.secure ? 'inside TLS' : 'in the clear'}`);
      done(null, { user: 'cmk' });
    },
  });
  const { send, seen } = await senderTo(t);
  const url = server.url.replace('smtp://127.0.0.1', 'smtps://cmk:p%40ss@localhost');
  t.is(await send(url, ca), 'MAIL DELIVERED');
  t.deepEqual(logins, ['cmk p@ss inside TLS']);
  t.is(await send(url, null), 'MAIL PENDING');
  t.is(server.mails.length, 1);
  t.false(seen.problems.some((problem) => String(problem).includes('p@ss')));
});

test('smtp: STARTTLS is insisted on, but not on this machine', async (t) => {
  const { ca, cert, key } = await certified();
  const secured: boolean[] = [];
  const onMailFrom: SMTPServerOptions['onMailFrom'] = (_address, session, done) => {
    secured.push(session.secure);
    done();
  };
  const withTls = await startMailServer(t, { cert, key, onMailFrom });
  const without = await startMailServer(t, { onMailFrom });
  const { send } = await senderTo(t);
  const elsewhere = ({ port }: { port: number }) => `smtp://0.0.0.0:${port}`;
  t.is(await send(elsewhere(withTls), ca), 'MAIL DELIVERED');
  t.is(await send(elsewhere(withTls), null), 'MAIL PENDING');
  t.is(await send(elsewhere(without), ca), 'MAIL PENDING');
  t.deepEqual(secured, [true]);
  t.is(await send(without.url, ca), 'MAIL DELIVERED');
  t.is(secured.at(-1), false);
});
