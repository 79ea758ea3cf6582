import { Command } from 'commander';
import { parsePort, serveUntilSignal } from '../emulation/command.ts';
import { startIdentityProvider } from './provider.ts';

const command = new Command()
  .name('identity-provider')
  .description('an OpenID Connect provider for sandboxes, without passwords')
  .option('--port <number>', 'where it listens on this machine; 0: any', parsePort, 0)
  .requiredOption('--portal <url>', 'where the portal is')
  .requiredOption('--client-id <text>', 'what the portal signs in as')
  .parse();
const {
  port,
  portal: portalUrl,
  clientId,
} = command.opts<{ port: number; portal: string; clientId: string }>();
// On the command line every user of the machine could read it.
const clientSecret = process.env['CLIENT_SECRET'] ?? '';
const provider = await startIdentityProvider({ port, portalUrl, clientId, clientSecret });
serveUntilSignal({ issuer: provider.issuer }, provider);
