import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { readInjectorConfig } from '../../deploy/injector/config.ts';
import { startInjector } from '../../deploy/injector/main.ts';
import { createLogger } from '../../runtime/logger.ts';
import { createTestCa } from '../../sandbox/ca.ts';

export interface RunningInjector {
  readonly statusUrl: string;
  /** Sends a pod as the API server does. @returns whether it is allowed */
  readonly review: (object: unknown) => Promise<boolean>;
}

/** An injector in this process, for the length of a test. @param notAfter when its certificate ends */
export async function runningInjector(t: ExecutionContext, notAfter: Date): Promise<RunningInjector> {
  const dir = mkdtempSync(join(tmpdir(), 'cmk-injector-'));
  const ca = await createTestCa();
  const paths = await ca.writeIdentity(dir, { dnsSans: ['localhost'], notAfter });
  const config = readInjectorConfig({
    CMK_INJECTOR_HOST: '127.0.0.1',
    CMK_INJECTOR_PORT: '0',
    CMK_STATUS_HOST: '127.0.0.1',
    CMK_STATUS_PORT: '0',
    CMK_TLS_CERT: paths.certPath,
    CMK_TLS_KEY: paths.keyPath,
    CMK_TLS_CA: paths.caPath,
    CMK_SIDECAR_IMAGE: 'registry.example/cmk/sidecar:1',
    CMK_BROKER: 'broker.cmk.svc:8443',
    CMK_BROKER_SPIFFE_ID: 'spiffe://cmk.example/broker',
  });
  const injector = await startInjector({ config, logger: createLogger({ name: 't', level: 'silent' }) });
  const agent = new Agent({ ca: ca.caPem, keepAlive: false });
  t.teardown(async () => {
    agent.destroy();
    await injector.close();
    rmSync(dir, { recursive: true });
  });
  const review = (object: unknown) =>
    new Promise<boolean>((resolve, reject) => {
      const options = { host: 'localhost', port: injector.port, path: '/mutate', method: 'POST', agent };
      const sent = request(options, (response) => {
        let text = '';
        response.on('data', (piece: Buffer) => (text += piece.toString()));
        response.on('end', () =>
          resolve((JSON.parse(text) as { response: { allowed: boolean } }).response.allowed),
        );
      });
      const kind = { group: '', version: 'v1', kind: 'Pod' };
      const asked = { uid: 'u', kind, operation: 'CREATE', object };
      const body = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request: asked };
      sent.on('error', reject).end(JSON.stringify(body));
    });
  return { statusUrl: `http://127.0.0.1:${injector.statusPort}`, review };
}
