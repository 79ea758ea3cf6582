import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { parsePort } from '../emulation/options.ts';
import { startTransit } from './emulator.ts';

/** The emulator as a process. Prints one line of JSON with its addresses when it is ready; SIGTERM ends it. */
const options = new Command()
  .name('transit')
  .description('an emulator of Vault’s and OpenBao’s transit for sandboxes and tests')
  .option('--port <number>', 'port; 0: any', '0')
  .option('--control-port <number>', 'port of the control API; 0: any', '0')
  .option('--host <name>', 'how the URL names the host', '127.0.0.1')
  .option('--tls-cert <file>', 'speak TLS with this certificate, PEM')
  .option('--tls-key <file>', 'its private key, PEM')
  .option('--namespace <path>', 'serve all in this namespace', '')
  .option('--audit-plain <names>', 'request fields in the clear in the audit log, comma-separated', '')
  .option('--state <file>', 'keep keys and policies in this file over a restart')
  .option('--events <file>', 'append every audit entry to this file as a line of JSON')
  .parse()
  .opts<{
    port: string;
    controlPort: string;
    host: string;
    tlsCert?: string;
    tlsKey?: string;
    namespace: string;
    auditPlain: string;
    state?: string;
    events?: string;
  }>();

const { tlsCert, tlsKey } = options;
if ((tlsCert === undefined) !== (tlsKey === undefined))
  throw new Error('--tls-cert and --tls-key go together');

const transit = await startTransit({
  port: parsePort(options.port),
  controlPort: parsePort(options.controlPort),
  host: options.host,
  namespace: options.namespace,
  auditPlainKeys: options.auditPlain.split(',').filter((name) => name !== ''),
  ...(tlsCert === undefined || tlsKey === undefined
    ? {}
    : { tls: { certPem: readFileSync(tlsCert, 'utf8'), keyPem: readFileSync(tlsKey, 'utf8') } }),
  ...(options.state === undefined ? {} : { statePath: options.state }),
  ...(options.events === undefined ? {} : { eventsPath: options.events }),
});
process.stdout.write(JSON.stringify({ url: transit.url, controlUrl: transit.controlUrl }) + '\n');

for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void transit.close());
