import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawn } from 'node:child_process';
import type { ExecutionContext } from 'ava';
import { freePort } from '../../sandbox/process.ts';
import { kubeApiserver } from '../../scripts/build-kube-apiserver.ts';
import { eventually } from './eventually.ts';

const TOKEN = 'a-token-of-the-tests';

export interface KubeAnswer {
  readonly status: number;
  readonly body: unknown;
}

/** A real API server over a real etcd, with nothing behind it: pods are admitted and stored, and never run. */
export interface KubeApi {
  send(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<KubeAnswer>;
}

/** Starts one for the length of a test. */
export async function startKubeApi(t: ExecutionContext): Promise<KubeApi> {
  const dir = mkdtempSync(join(tmpdir(), 'cmk-kube-'));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  const [etcdPort, peerPort, port] = [await freePort(), await freePort(), await freePort()];
  const etcdUrl = `http://127.0.0.1:${etcdPort}`;
  start(t, 'etcd', [
    ...['--data-dir', join(dir, 'etcd'), '--unsafe-no-fsync', '--log-level', 'error'],
    ...['--listen-client-urls', etcdUrl, '--advertise-client-urls', etcdUrl],
    ...['--listen-peer-urls', `http://127.0.0.1:${peerPort}`],
  ]);
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const [keyFile, tokenFile] = [join(dir, 'account.key'), join(dir, 'tokens.csv')];
  writeFileSync(keyFile, privateKey.export({ type: 'pkcs8', format: 'pem' }));
  writeFileSync(tokenFile, `${TOKEN},tests,1,system:masters\n`);
  start(t, await kubeApiserver(), [
    ...['--etcd-servers', etcdUrl, '--bind-address', '127.0.0.1', '--secure-port', String(port)],
    ...['--cert-dir', join(dir, 'certs'), '--token-auth-file', tokenFile],
    ...['--service-account-issuer', 'https://kubernetes.test', '--service-account-key-file', keyFile],
    ...['--service-account-signing-key-file', keyFile, '--service-cluster-ip-range', '10.96.0.0/24'],
    ...['--authorization-mode', 'RBAC', '--disable-admission-plugins', 'ServiceAccount'],
  ]);
  const send = (method: string, path: string, body?: unknown) => sendTo(port, dir, method, path, body);
  const isReady = async () => (await send('GET', '/readyz').catch(() => null))?.status === 200;
  await eventually(isReady, 60_000);
  return { send };
}

function start(t: ExecutionContext, program: string, args: readonly string[]): void {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (text: Buffer) => (errors = (errors + text.toString()).slice(-4000)));
  let stopping = false;
  child.once('exit', (code) => {
    if (!stopping) t.log(`${program} ended with ${code}: ${errors}`);
  });
  t.teardown(() => {
    stopping = true;
    child.kill('SIGKILL');
  });
}

async function sendTo(
  port: number,
  dir: string,
  method: string,
  path: string,
  body: unknown,
): Promise<KubeAnswer> {
  // The server makes it when it starts.
  const agent = new Agent({ ca: await readFile(join(dir, 'certs', 'apiserver.crt')) });
  const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };
  return new Promise((resolve, reject) => {
    const options = {
      host: '127.0.0.1',
      servername: 'kubernetes',
      port,
      path,
      method,
      headers,
      agent,
      timeout: 20_000,
    };
    const sent = request(options, (response) => {
      let text = '';
      response.on('data', (piece: Buffer) => (text += piece.toString()));
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          body: text.startsWith('{') ? (JSON.parse(text) as unknown) : text,
        }),
      );
    });
    sent.on('timeout', () => sent.destroy(new Error('the API server did not answer')));
    sent.on('error', reject).end(body === undefined ? undefined : JSON.stringify(body));
  });
}
