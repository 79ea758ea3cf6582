import type { BlockList } from 'node:net';
import { CmkError } from '../../core/errors.ts';
import { durationMs, path, secret, Secret, text, type Config, type Setting } from '../../runtime/config.ts';
import { parseNetworks } from '../../runtime/public-lookup.ts';
import { parseSmtpUrl } from './smtp-url.ts';

const smtpUrl: Setting<Secret | null> = {
  name: 'CMK_SMTP_URL',
  doc: 'The mail server for alerts, e.g. `smtps://user:password@mail.cmk.example` or `smtp://mail.cmk.example:587`, which must then offer STARTTLS unless it is a loopback address. Unset: alerts are listed and posted to webhooks, not mailed.',
  default: null,
  expects: 'URL as smtps://HOST:PORT or smtp://HOST:PORT, with user and password before HOST if need be',
  secret: true,
  parse: (value) => (parseSmtpUrl(value) ? new Secret(value) : undefined),
};

const webhookNetworks: Setting<BlockList | null> = {
  name: 'CMK_WEBHOOK_NETWORKS',
  doc: 'Networks between commas, e.g. 10.20.0.0/16, that webhooks may be in although they are not public.',
  default: null,
  expects: 'networks as ADDRESS/BITS between commas',
  secret: false,
  parse: parseNetworks,
};

/** Settings of alerts. */
export const ALERT_SETTINGS = {
  smtpUrl,
  mailFrom: text({
    name: 'CMK_MAIL_FROM',
    doc: 'Whom alert mails come from, e.g. `cmk@cmk.example`; required with CMK_SMTP_URL.',
    default: null,
    pattern: /^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,190}$/,
    expects: 'e-mail address',
  }),
  alertWindowMs: durationMs({
    name: 'CMK_ALERT_WINDOW',
    doc: 'After a mail about a key’s status, further changes are summed up in one mail at the end of this time.',
    min: 10_000,
    max: 86_400_000,
    default: '15m',
  }),
  alertTimeoutMs: durationMs({
    name: 'CMK_ALERT_TIMEOUT',
    doc: 'How long one attempt to hand over a mail or to post to a webhook may take.',
    min: 100,
    max: 120_000,
    default: '30s',
  }),
  alertGiveUpMs: durationMs({
    name: 'CMK_ALERT_GIVE_UP',
    doc: 'How long after an alert its delivery is still tried again; then it is FAILED.',
    min: 60_000,
    max: 604_800_000,
    default: '24h',
  }),
  alertCaPath: path({
    name: 'CMK_ALERT_CA_FILE',
    doc: 'PEM file of certificate authorities that the mail server and webhooks may also have, besides the public ones.',
    default: null,
  }),
  webhookKey: secret({
    name: 'CMK_WEBHOOK_KEY',
    doc: 'What the secrets of webhooks are derived from, alike for every broker. Another key means other secrets: register the webhooks again. Unset: there are no webhooks.',
    minLength: 32,
    default: null,
  }),
  webhookNetworks,
};

export type AlertConfig = Config<typeof ALERT_SETTINGS>;

/** @throws CmkError CONFIG_INVALID */
export function checkAlertConfig({ smtpUrl, mailFrom }: Pick<AlertConfig, 'smtpUrl' | 'mailFrom'>): void {
  if (smtpUrl !== null && mailFrom === null) {
    throw new CmkError(
      'CONFIG_INVALID',
      'CMK_MAIL_FROM: expected e-mail address with CMK_SMTP_URL, but it is not set',
    );
  }
}
