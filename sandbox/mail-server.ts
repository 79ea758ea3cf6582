import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { parseMail, type ReceivedMail } from './received-mail.ts';

export interface MailServer {
  readonly port: number;
  readonly url: string;
  /** What has arrived, the oldest first. */
  readonly mails: ReceivedMail[];
  close(): Promise<void>;
}

/**
 * A real SMTP server on this machine, in this process.
 * @param options smtp-server's; by default it takes mails without login and TLS
 * @param taken may refuse a mail that has arrived
 */
export async function startMailServer(
  options: SMTPServerOptions = {},
  taken: (mail: ReceivedMail) => Error | null | Promise<Error | null> = () => null,
): Promise<MailServer> {
  const mails: ReceivedMail[] = [];
  const server = new SMTPServer({
    disabledCommands: options.secure === true || options.key ? [] : ['STARTTLS'],
    authOptional: true,
    disableReverseLookup: true,
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => void chunks.push(chunk));
      stream.on('end', () => {
        const { mailFrom, rcptTo } = session.envelope;
        const mail = parseMail(
          Buffer.concat(chunks).toString('utf8'),
          mailFrom === false ? '' : mailFrom.address,
          rcptTo.map(({ address }) => address),
        );
        mails.push(mail);
        void Promise.resolve(taken(mail)).then((refusal) => (refusal ? done(refusal) : done()));
      });
    },
    ...options,
  });
  server.on('error', () => undefined);
  const listener = server.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
    });
  return { port, url: `smtp://127.0.0.1:${port}`, mails, close };
}
