import test from 'ava';
import { parseSmtpUrl, type SmtpServer } from '../../../broker/alerts/smtp-url.ts';

const GOOD: Record<string, SmtpServer> = {
  'smtps://mail.test': { host: 'mail.test', port: 465, tls: 'IMPLICIT', auth: null },
  'smtp://mail.test': { host: 'mail.test', port: 587, tls: 'STARTTLS', auth: null },
  'smtp://u%40x:p%3A@mail.test:25/': {
    host: 'mail.test',
    port: 25,
    tls: 'STARTTLS',
    auth: { user: 'u@x', pass: 'p:' },
  },
  'smtp://127.0.0.1:2525': { host: '127.0.0.1', port: 2525, tls: 'NONE', auth: null },
  'smtp://[::1]:2525': { host: '::1', port: 2525, tls: 'NONE', auth: null },
  'smtps://localhost': { host: 'localhost', port: 465, tls: 'IMPLICIT', auth: null },
  'smtp://127.0.0.1.evil.test': { host: '127.0.0.1.evil.test', port: 587, tls: 'STARTTLS', auth: null },
};

for (const [url, server] of Object.entries(GOOD)) {
  test(`a mail server: ${url}`, (t) => {
    t.deepEqual(parseSmtpUrl(url), server);
  });
}

for (const url of [
  '',
  'mail.test',
  'https://mail.test',
  'smtp://',
  'smtp://user@mail.test',
  'smtp://:pass@mail.test',
  'smtp://mail.test/path',
  'smtp://mail.test?tls.rejectUnauthorized=false',
  'smtp://%ff:x@mail.test',
]) {
  test(`no mail server: ${url}`, (t) => {
    t.is(parseSmtpUrl(url), null);
  });
}
