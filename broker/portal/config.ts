import { CmkError } from '../../core/errors.ts';
import {
  durationMs,
  list,
  secret,
  text,
  type Config,
  type Secret,
  type Setting,
  type Settings,
} from '../../runtime/config.ts';
import type { Role } from '../model/principal.ts';

const issuer: Setting<string | null> = {
  name: 'CMK_OIDC_ISSUER',
  doc: 'The OpenID Connect provider that people sign in with, as it names itself in its tokens. See docs/sign-in.md. Unset: nobody signs in, and CMK is administered with tokens alone.',
  default: null,
  expects: 'URL that begins with https://, or http:// on a loopback address',
  secret: false,
  // As it is written: some issuers end with a slash, and tokens name them to the letter.
  parse: (value) => (isWebAddress(value) && !value.includes('#') && !value.includes('?') ? value : undefined),
};

const portalUrl: Setting<string | null> = {
  name: 'CMK_PORTAL_URL',
  doc: 'Where browsers find this broker, through the proxy that speaks TLS for it, e.g. `https://cmk.example`; required with CMK_OIDC_ISSUER.',
  default: null,
  expects: 'URL without path that begins with https://, or http:// on a loopback address',
  secret: false,
  parse(value) {
    if (!isWebAddress(value)) return undefined;
    const { href, origin } = new URL(value);
    return href === `${origin}/` ? origin : undefined;
  },
};

const clientSecret = secret({
  name: 'CMK_OIDC_CLIENT_SECRET',
  doc: 'The secret that goes with CMK_OIDC_CLIENT_ID.',
  minLength: 16,
  default: null,
});

const roleValues = (role: string, preset: string) =>
  list({
    name: `CMK_OIDC_${role}_ROLES`,
    doc: `Values of the roles claim that make somebody ${role === 'OPERATOR' ? 'an operator: the provider’s staff, for all accounts' : role === 'ADMINISTRATOR' ? 'an administrator of the account' : 'an auditor of the account, who reads'}.`,
    default: preset,
  });

/** Settings of the sign-in. */
export const SIGN_IN_SETTINGS = {
  portalUrl,
  oidcIssuer: issuer,
  oidcClientId: text({
    name: 'CMK_OIDC_CLIENT_ID',
    doc: 'What the provider knows CMK as; required with CMK_OIDC_ISSUER.',
    default: null,
  }),
  oidcClientSecret: clientSecret,
  oidcScopes: text({
    name: 'CMK_OIDC_SCOPES',
    doc: 'The scopes that are asked for, so that ID tokens have the claims below.',
    pattern: /^openid( [\x21\x23-\x5b\x5d-\x7e]+)*$/,
    expects: 'openid, and further scopes after spaces',
    default: 'openid profile email',
  }),
  oidcNameClaim: text({
    name: 'CMK_OIDC_NAME_CLAIM',
    doc: 'The claim with the name that ledgers show.',
    default: 'email',
  }),
  oidcAccountClaim: text({
    name: 'CMK_OIDC_ACCOUNT_CLAIM',
    doc: 'The claim with the account that an administrator or auditor belongs to.',
    default: 'cmk_account',
  }),
  oidcRolesClaim: text({
    name: 'CMK_OIDC_ROLES_CLAIM',
    doc: 'The claim with roles or groups: a text or a list of texts. Dots lead into objects, as in `realm_access.roles`.',
    default: 'roles',
  }),
  oidcOperatorRoles: roleValues('OPERATOR', 'cmk-operator'),
  oidcAdministratorRoles: roleValues('ADMINISTRATOR', 'cmk-administrator'),
  oidcAuditorRoles: roleValues('AUDITOR', 'cmk-auditor'),
  oidcTimeoutMs: durationMs({
    name: 'CMK_OIDC_TIMEOUT',
    doc: 'How long one call to the provider may take.',
    min: 100,
    max: 30_000,
    default: '5s',
  }),
  sessionIdleMs: durationMs({
    name: 'CMK_SESSION_IDLE',
    doc: 'A session ends when it is not used for so long.',
    min: 60_000,
    max: 86_400_000,
    default: '30m',
  }),
  sessionMaxMs: durationMs({
    name: 'CMK_SESSION_MAX',
    doc: 'A session ends after so long, however much it is used. Roles are read from the provider at sign-in only.',
    min: 60_000,
    max: 604_800_000,
    default: '8h',
  }),
} satisfies Settings;

/** What the sign-in is told; what belongs together is there together. */
export interface SignInConfig {
  /** An origin. */
  readonly portalUrl: string;
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: Secret;
  readonly scopes: string;
  readonly claims: ClaimNames;
  readonly timeoutMs: number;
  readonly idleMs: number;
  readonly maxMs: number;
}

/** Which claims of an ID token say what. */
export interface ClaimNames {
  readonly name: string;
  readonly account: string;
  readonly roles: string;
  /** The values of the roles claim that give each role. */
  readonly roleValues: Readonly<Record<Role, readonly string[]>>;
}

/**
 * The sign-in as configured; null: there is none.
 * @throws CmkError CONFIG_INVALID when some of what it needs is set and some is not
 */
export function signInConfig(config: Config<typeof SIGN_IN_SETTINGS>): SignInConfig | null {
  const { portalUrl, oidcIssuer, oidcClientId, oidcClientSecret } = config;
  if (!portalUrl && !oidcIssuer && !oidcClientId && !oidcClientSecret) return null;
  if (!portalUrl || !oidcIssuer || !oidcClientId || !oidcClientSecret) {
    const needed = {
      CMK_PORTAL_URL: portalUrl,
      CMK_OIDC_ISSUER: oidcIssuer,
      CMK_OIDC_CLIENT_ID: oidcClientId,
    };
    const missing = Object.entries({ ...needed, CMK_OIDC_CLIENT_SECRET: oidcClientSecret })
      .filter(([, value]) => value === null)
      .map(([name]) => name);
    const all = `${Object.keys(needed).join(', ')} and CMK_OIDC_CLIENT_SECRET`;
    throw new CmkError('CONFIG_INVALID', `expected ${all} together, but not set: ${missing.join(', ')}`);
  }
  return {
    portalUrl,
    issuer: oidcIssuer,
    clientId: oidcClientId,
    clientSecret: oidcClientSecret,
    scopes: config.oidcScopes,
    claims: {
      name: config.oidcNameClaim,
      account: config.oidcAccountClaim,
      roles: config.oidcRolesClaim,
      roleValues: {
        OPERATOR: config.oidcOperatorRoles,
        ADMINISTRATOR: config.oidcAdministratorRoles,
        AUDITOR: config.oidcAuditorRoles,
      },
    },
    timeoutMs: config.oidcTimeoutMs,
    idleMs: config.sessionIdleMs,
    maxMs: config.sessionMaxMs,
  };
}

function isWebAddress(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, hostname, username, password } = new URL(value);
  if (username !== '' || password !== '') return false;
  return protocol === 'https:' || (protocol === 'http:' && isLoopback(hostname));
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d{1,3}){3}$/.test(hostname);
}
