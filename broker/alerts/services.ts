import { readFileSync } from 'node:fs';
import { rootCertificates } from 'node:tls';
import { CmkError } from '../../core/errors.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Store } from '../store/store.ts';
import type { AlertConfig } from './config.ts';
import { MailSender } from './mail-sender.ts';
import { Outbox, type OutboxObserver } from './outbox.ts';
import { Recipients } from './recipients.ts';
import { WebhookSender } from './webhook-sender.ts';

/** Alerts as they run: whom they go to, and the outbox that delivers them. */
export interface AlertServices {
  readonly recipients: Recipients;
  readonly outbox: Outbox;
  /** Ends attempts under way: what they were delivering is tried again. */
  close(): Promise<void>;
}

export interface AlertServicesOptions {
  readonly store: Pick<Store, 'findAccount' | 'alerts'>;
  readonly clock: Clock;
  readonly observer: OutboxObserver;
  readonly config: AlertConfig;
}

/** Begins to deliver. @throws CmkError CONFIG_INVALID when the file of authorities cannot be read */
export function startAlerts({ store, clock, observer, config }: AlertServicesOptions): AlertServices {
  const { smtpUrl, mailFrom, webhookKey, webhookNetworks, alertTimeoutMs: timeoutMs } = config;
  const ca = config.alertCaPath === null ? null : [...rootCertificates, readAuthorities(config.alertCaPath)];
  const outbox = new Outbox({
    store,
    senders: {
      MAIL: smtpUrl && mailFrom ? new MailSender({ url: smtpUrl, from: mailFrom, timeoutMs, ca }) : null,
      WEBHOOK: webhookKey && new WebhookSender({ key: webhookKey, clock, networks: webhookNetworks, ca }),
    },
    clock,
    random: Math.random,
    observer,
    windowMs: config.alertWindowMs,
    timeoutMs,
    giveUpMs: config.alertGiveUpMs,
  });
  outbox.start();
  return {
    recipients: new Recipients({ store, clock, webhookKey, webhookNetworks }),
    outbox,
    close: () => outbox.stop(),
  };
}

function readAuthorities(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new CmkError('CONFIG_INVALID', `CMK_ALERT_CA_FILE: cannot read ${path}`, { cause });
  }
}
