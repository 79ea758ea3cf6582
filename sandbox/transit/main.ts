import { readFileSync } from 'node:fs';
import { commonOptions, emulatorCommand, parsePort, serveUntilSignal } from '../emulation/command.ts';
import { startTransit } from './emulator.ts';

const command = emulatorCommand('transit', 'Vault’s and OpenBao’s transit')
  .option('--port <number>', 'port; 0: any', parsePort, 0)
  .option('--host <name>', 'how the URL names the host', '127.0.0.1')
  .option('--tls-cert <file>', 'speak TLS with this certificate, PEM')
  .option('--tls-key <file>', 'its private key, PEM')
  .option('--namespace <path>', 'serve all in this namespace', '')
  .option('--audit-plain <names>', 'request fields in the clear in the audit log, comma-separated', '')
  .parse();
const { port, host, tlsCert, tlsKey, namespace, auditPlain } = command.opts<{
  port: number;
  host: string;
  tlsCert?: string;
  tlsKey?: string;
  namespace: string;
  auditPlain: string;
}>();
if ((tlsCert === undefined) !== (tlsKey === undefined))
  throw new Error('--tls-cert and --tls-key go together');

const transit = await startTransit({
  ...commonOptions(command),
  port,
  host,
  namespace,
  auditPlainKeys: auditPlain.split(',').filter((name) => name !== ''),
  ...(tlsCert === undefined || tlsKey === undefined
    ? {}
    : { tls: { certPem: readFileSync(tlsCert, 'utf8'), keyPem: readFileSync(tlsKey, 'utf8') } }),
});
const { url, controlUrl } = transit;
serveUntilSignal({ url, controlUrl }, transit);
