import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { transitSettings, type TransitConfig } from '../../broker/kms/transit/config.ts';
import { TransitProvider } from '../../broker/kms/transit/provider.ts';
import type { Login, TransitServer } from '../../broker/kms/transit/servers.ts';
import { readConfig } from '../../runtime/config.ts';
import type { Transit } from '../../sandbox/transit/emulator.ts';

/** As Kubernetes names the broker's service account. */
export const BROKER_SUBJECT = 'system:serviceaccount:cmk:broker';

/** The role that the customer's administrator made for the broker. */
export const BROKER_ROLE = {
  subject: BROKER_SUBJECT,
  audience: 'vault',
  policies: ['cmk'],
  ttlSeconds: 600,
} as const;

export const transitConfig: TransitConfig = readConfig(transitSettings, {});

/** What a pod finds: a file with its service-account token. */
export function tokenFile(text: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'cmk-transit-')), 'token');
  writeFileSync(path, `${text}\n`, { mode: 0o600 });
  return path;
}

export function kubernetesLogin(tokenPath: string): Login {
  return { method: 'kubernetes', mount: 'kubernetes', role: 'cmk-broker', tokenPath };
}

/** A provider that knows one server, and logs in as the test says. */
export function providerFor(
  transit: Transit,
  login: Login,
  more: Partial<TransitServer> & { nowMs?: () => number } = {},
): TransitProvider {
  const { nowMs, ...server } = more;
  const servers = [{ origin: new URL(transit.url).origin, namespace: '', ca: null, login, ...server }];
  return new TransitProvider(transitConfig, { servers, ...(nowMs ? { nowMs } : {}) });
}

/** What a customer allows on every key of a mount. */
export function policyForMount(mount: string, more = ''): string {
  return `
path "${mount}/encrypt/*" { capabilities = ["update"] }
path "${mount}/decrypt/*" { capabilities = ["update"] ${more} }
path "${mount}/keys/*" { capabilities = ["read"] }
`;
}
