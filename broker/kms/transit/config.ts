import { durationMs, integer, path, text, type Config } from '../../../runtime/config.ts';

/** Of a command `vault write role bound_subject=…`, where a first @ or - would have a meaning. */
const SUBJECT = /^[A-Za-z0-9][\x21-\x7e]{0,499}$/;

/** Settings of the transit provider (HashiCorp Vault, OpenBao). Without a list of servers it reaches none. */
export const transitSettings = {
  transitServersPath: path({
    name: 'CMK_TRANSIT_SERVERS',
    doc: 'A JSON file that names the Vault and OpenBao servers whose transit keys may be used, and how the broker logs in to each. Unset: none.',
    default: null,
  }),
  transitSubject: text({
    name: 'CMK_TRANSIT_SUBJECT',
    doc: 'Whom the JWTs that the broker logs in with are about, for the roles that customers are told to make, e.g. `system:serviceaccount:cmk:broker` or `spiffe://cmk.example/broker`.',
    default: null,
    pattern: SUBJECT,
    expects: 'printable ASCII characters without spaces, a letter or digit first',
  }),
  transitAudience: text({
    name: 'CMK_TRANSIT_AUDIENCE',
    doc: 'Whom those JWTs are for, e.g. `vault`.',
    default: null,
    pattern: SUBJECT,
    expects: 'printable ASCII characters without spaces, a letter or digit first',
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
