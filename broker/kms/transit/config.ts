import { durationMs, integer, path, type Config } from '../../../runtime/config.ts';

/** Settings of the transit provider (HashiCorp Vault, OpenBao). Without a list of servers it reaches none. */
export const transitSettings = {
  transitServersPath: path({
    name: 'CMK_TRANSIT_SERVERS',
    doc: 'A JSON file that names the Vault and OpenBao servers whose transit keys may be used, and how the broker logs in to each. Unset: none.',
    default: null,
  }),
  transitLoginTimeoutMs: durationMs({
    name: 'CMK_TRANSIT_LOGIN_TIMEOUT',
    doc: 'How long logging in to a Vault or OpenBao server may take; a call waits for it no longer than its own deadline.',
    default: '5s',
    min: 100,
    max: 30_000,
  }),
  transitMaxConnections: integer({
    name: 'CMK_TRANSIT_MAX_CONNECTIONS',
    doc: 'The most connections to a Vault or OpenBao server at a time.',
    default: '64',
    min: 1,
    max: 4096,
  }),
} as const;

export type TransitConfig = Config<typeof transitSettings>;
