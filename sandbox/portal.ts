import { randomBytes } from 'node:crypto';
import { SANDBOX_USERS, type SandboxUser } from './identity-provider/users.ts';
import { launchAnnounced } from './parts.ts';
import { freePort, type ManagedProcess } from './process.ts';

/** Where people sign in to the sandbox with a browser, and as whom. */
export interface SandboxPortal {
  readonly url: string;
  readonly users: readonly SandboxUser[];
}

/** The portal's identity provider as a process of its own, and what leads the broker to it. */
export interface LaunchedPortal extends SandboxPortal {
  readonly brokerEnv: Readonly<Record<string, string>>;
  readonly process: ManagedProcess;
}

const CLIENT_ID = 'cmk-portal';

/** @throws Error as `launch` */
export async function launchPortal(dir: string): Promise<LaunchedPortal> {
  const adminPort = await freePort();
  const url = `http://127.0.0.1:${adminPort}`;
  const clientSecret = randomBytes(24).toString('base64url');
  const { process, said } = await launchAnnounced(
    { dir, name: 'identity-provider', env: { CLIENT_SECRET: clientSecret } },
    ['--portal', url, '--client-id', CLIENT_ID],
    'issuer',
  );
  return {
    url,
    users: SANDBOX_USERS,
    process,
    brokerEnv: {
      CMK_ADMIN_PORT: String(adminPort),
      CMK_PORTAL_URL: url,
      CMK_OIDC_ISSUER: (said as { issuer: string }).issuer,
      CMK_OIDC_CLIENT_ID: CLIENT_ID,
      CMK_OIDC_CLIENT_SECRET: clientSecret,
    },
  };
}
