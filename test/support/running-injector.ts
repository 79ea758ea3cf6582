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
import { SETTINGS } from '../deploy/injector/pods.ts';

export const INJECTOR_LEAF = { dnsSans: ['localhost'] };

export interface RunningInjector {
  /** Where its certificate is, and who issued it. */
  readonly dir: string;
  readonly ca: TestCa;
  readonly statusUrl: string;
  /** Sends as the API server does. @returns the answer, and the serial number of the certificate that was shown */
  readonly send: (
    body: string,
    path?: string,
    method?: string,
  ) => Promise<{ status: number; text: string; serial: string }>;
}

/** An injector in this process, for the length of a test. @param notAfter when its certificate ends */
export async function runningInjector(
  t: ExecutionContext,
  { clock = systemClock, notAfter }: { readonly clock?: Clock; readonly notAfter?: Date },
): Promise<RunningInjector> {
  const dir = mkdtempSync(join(tmpdir(), 'cmk-injector-'));
  const ca = await createTestCa();
  const paths = await ca.writeIdentity(dir, { ...INJECTOR_LEAF, ...(notAfter && { notAfter }) });
  const config = readInjectorConfig({
    CMK_INJECTOR_HOST: '127.0.0.1',
    CMK_INJECTOR_PORT: '0',
    CMK_STATUS_HOST: '127.0.0.1',
    CMK_STATUS_PORT: '0',
    CMK_TLS_CERT: paths.certPath,
    CMK_TLS_KEY: paths.keyPath,
    CMK_TLS_CA: paths.caPath,
    CMK_SIDECAR_IMAGE: SETTINGS.image,
    CMK_BROKER: SETTINGS.brokerAddress,
    CMK_BROKER_SPIFFE_ID: SETTINGS.brokerSpiffeId,
  });
  const logger = createLogger({ name: 't', level: 'silent' });
  const injector = await startInjector({ config, logger, clock });
  const agent = new Agent({ ca: ca.caPem, keepAlive: false });
  t.teardown(async () => {
    agent.destroy();
    await injector.close();
    rmSync(dir, { recursive: true });
  });
  const send: RunningInjector['send'] = (body, path = '/mutate', method = 'POST') =>
    new Promise((resolve, reject) => {
      const options = { host: 'localhost', port: injector.port, path, method, agent, timeout: 10_000 };
      const sent = request(options, (response) => {
        const { socket } = response;
        const serial = socket instanceof TLSSocket ? socket.getPeerCertificate().serialNumber : '';
        let text = '';
        response.on('data', (piece: Buffer) => (text += piece.toString()));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text, serial }));
      });
      sent.on('error', reject).end(body);
    });
  return { dir, ca, statusUrl: `http://127.0.0.1:${injector.statusPort}`, send };
}

/** What Kubernetes asks of a pod. */
export function reviewOf(object: unknown): string {
  return JSON.stringify({
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    request: { uid: 'u', kind: { group: '', version: 'v1', kind: 'Pod' }, operation: 'CREATE', object },
  });
}
