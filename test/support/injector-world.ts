import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import type { ExecutionContext } from 'ava';
import { readInjectorConfig } from '../../deploy/injector/config.ts';
import { startInjector } from '../../deploy/injector/main.ts';
import { systemClock, type Clock } from '../../runtime/clock.ts';
import { createLogger } from '../../runtime/logger.ts';
import { createTestCa, type TestCa } from '../../sandbox/ca.ts';
import { injectorSettings } from './settings.ts';

export const INJECTOR_LEAF = { dnsSans: ['localhost'] };

interface Answer {
  readonly status: number;
  readonly text: string;
  /** Of the certificate that was shown. */
  readonly serial: string;
}

interface Sending {
  readonly path?: string;
  readonly method?: string;
  /** The authorities that the injector's certificate may be from, PEM. Default: its first one's. */
  readonly trusted?: string;
}

export interface InjectorWorld {
  /** Where its certificate is, and who issued it. */
  readonly dir: string;
  readonly ca: TestCa;
  readonly port: number;
  readonly statusUrl: string;
  /** Sends on a connection of its own, as an API server that has just started. */
  readonly send: (body: string, sending?: Sending) => Promise<Answer>;
  /** Asks about a new pod. */
  readonly review: (pod: unknown, sending?: Sending) => Promise<Answer>;
  readonly close: () => Promise<void>;
}

interface Options {
  readonly clock?: Clock;
  /** Who issues its certificate; default: an authority of its own. */
  readonly ca?: TestCa;
  /** When its certificate ends. */
  readonly notAfter?: Date;
  /** Settings that differ from {@link injectorSettings}. */
  readonly env?: Readonly<Record<string, string>>;
}

/** An injector in this process, for the length of a test. */
export async function injectorWorld(t: ExecutionContext, options: Options = {}): Promise<InjectorWorld> {
  const { clock = systemClock, ca = await createTestCa(), notAfter, env } = options;
  const dir = mkdtempSync(join(tmpdir(), 'cmk-injector-'));
  const identity = await ca.writeIdentity(dir, { ...INJECTOR_LEAF, ...(notAfter && { notAfter }) });
  const config = readInjectorConfig({ ...injectorSettings(identity), ...env });
  const logger = createLogger({ name: 't', level: 'silent' });
  const injector = await startInjector({ config, logger, clock });
  const close = () => injector.close();
  t.teardown(async () => {
    await close();
    rmSync(dir, { recursive: true });
  });
  const send: InjectorWorld['send'] = (body, sending = {}) =>
    post(injector.port, body, { trusted: ca.caPem, ...sending });
  return {
    dir,
    ca,
    port: injector.port,
    statusUrl: `http://127.0.0.1:${injector.statusPort}`,
    send,
    review: (pod, sending) => send(JSON.stringify(reviewOf(pod)), sending),
    close,
  };
}

function post(port: number, body: string, sending: Sending): Promise<Answer> {
  const { path = '/mutate', method = 'POST', trusted } = sending;
  const agent = new Agent({ ca: trusted, keepAlive: false });
  return new Promise((resolve, reject) => {
    const options = { host: 'localhost', port, path, method, agent, timeout: 10_000 };
    const sent = request(options, (response) => {
      const { socket } = response;
      const serial = socket instanceof TLSSocket ? socket.getPeerCertificate().serialNumber : '';
      let text = '';
      response.on('data', (piece: Buffer) => (text += piece.toString()));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text, serial }));
    });
    sent.on('timeout', () => sent.destroy(new Error('the injector did not answer')));
    sent.on('error', reject).end(body);
  });
}

/** What Kubernetes asks of a new pod. @param overrides of the request's fields */
export function reviewOf(object: unknown, overrides: object = {}): object {
  const kind = { group: '', version: 'v1', kind: 'Pod' };
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: { uid: 'u', kind, operation: 'CREATE', dryRun: false, object, ...overrides },
  };
}
