import { createTransport } from 'nodemailer';
import type Mail from 'nodemailer/lib/mailer';
import type SmtpTransport from 'nodemailer/lib/smtp-transport';
import type { Secret } from '../../runtime/config.ts';
import type { Delivery } from '../model/alerts.ts';
import type { Account } from '../model/types.ts';
import { composeMail } from './mail.ts';
import { SendError, type Sender } from './sender.ts';
import { parseSmtpUrl } from './smtp-url.ts';

export interface MailSenderOptions {
  /** As CMK_SMTP_URL. */
  readonly url: Secret;
  readonly from: string;
  readonly timeoutMs: number;
  /** Trusted authorities, PEM; null: the public ones. */
  readonly ca: readonly string[] | null;
}

/** How long the server may take to close its side once the mail is handed over or given up. */
const CLOSE_MS = 500;

/** Hands mails to the provider's mail server, one connection each: a server that hangs holds no other mail. */
export class MailSender implements Sender {
  readonly #transport: Mail<SmtpTransport.SentMessageInfo>;
  readonly #from: string;
  readonly #domain: string;

  constructor({ url, from, timeoutMs, ca }: MailSenderOptions) {
    const server = parseSmtpUrl(url.reveal());
    if (!server) throw new TypeError('expected the URL of a mail server');
    this.#from = from;
    this.#domain = from.slice(from.lastIndexOf('@') + 1);
    const { host, port, tls, auth } = server;
    const options: SmtpTransport.Options & { socketCloseTimeout: number } = {
      host,
      port,
      secure: tls === 'IMPLICIT',
      requireTLS: tls === 'STARTTLS',
      ignoreTLS: tls === 'NONE',
      tls: { minVersion: 'TLSv1.2', ...(ca && { ca: [...ca] }) },
      ...(auth && { auth }),
      name: this.#domain,
      // Each is below the attempt's own deadline; that one is the signal's.
      connectionTimeout: timeoutMs,
      greetingTimeout: timeoutMs,
      socketTimeout: timeoutMs,
      dnsTimeout: timeoutMs,
      socketCloseTimeout: CLOSE_MS,
      disableFileAccess: true,
      disableUrlAccess: true,
    };
    this.#transport = createTransport(options);
  }

  async send(delivery: Delivery, account: Account, signal: AbortSignal): Promise<void> {
    const message: Mail.Options & { signal: AbortSignal } = {
      ...composeMail(delivery, account),
      from: { name: 'CMK', address: this.#from },
      to: { name: '', address: delivery.recipient },
      // Both the same at each attempt: who gets it twice can tell.
      messageId: `<${delivery.id}@${this.#domain}>`,
      date: new Date(delivery.frozenAt),
      // RFC 3834: no answers from machines, please.
      headers: { 'Auto-Submitted': 'auto-generated' },
      signal,
    };
    try {
      await this.#transport.sendMail(message);
    } catch (cause) {
      throw sendErrorOf(cause);
    }
  }
}

/** The server's words can hold what was sent to it: its code alone is kept in the outbox, the rest is for the log. */
function sendErrorOf(cause: unknown): SendError {
  const { code, responseCode, command } = cause as {
    code?: unknown;
    responseCode?: unknown;
    command?: unknown;
  };
  const parts = [code, responseCode, command].filter(
    (part) => typeof part === 'string' || typeof part === 'number',
  );
  const permanent = typeof responseCode === 'number' && responseCode >= 500 && isAboutTheMail(command);
  return new SendError(`mail server: ${parts.join(' ') || 'failed'}`, { permanent, cause });
}

/** A refusal of the address or the text. Refused credentials can be mended in time. */
function isAboutTheMail(command: unknown): boolean {
  return command === 'RCPT TO' || command === 'DATA';
}
