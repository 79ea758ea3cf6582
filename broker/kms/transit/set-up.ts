import { formatJson, shellCommand, shellWord, type Json } from '../quoting.ts';
import { badFact, checkFact, ours, type SetUpDocument } from '../set-up.ts';
import type { TransitConfig } from './config.ts';
import { transitPolicy } from './policy.ts';
import { locate, parseKeyUrl } from './reference.ts';
import { SEGMENTS, type Login } from './servers.ts';

export interface TransitSetUpFacts {
  /** Where the key is, or will be, e.g. `https://vault.example:8200/v1/transit/keys/cmk`. */
  readonly url: string;
  /** The namespace of mount, policy and login, e.g. `acme`; absent: the root. */
  readonly namespace?: string;
  /** How the broker logs in. */
  readonly method: Login['method'];
  /** Where the login method is mounted, below `auth/`; absent: at its own name. */
  readonly loginMount?: string;
  /** The role that the broker logs in as. */
  readonly role: string;
}

/** All that the documents are made of. */
interface Plan {
  readonly account: string;
  readonly origin: string;
  readonly namespace: string;
  /** Less the namespace. */
  readonly mount: string;
  readonly name: string;
  readonly method: Login['method'];
  readonly loginMount: string;
  readonly role: string;
  readonly policyName: string;
}

type Settings = Pick<TransitConfig, 'transitSubject' | 'transitAudience'>;

/** @throws CmkError INVALID_ARGUMENT */
export function transitSetUp(
  settings: Settings,
  account: string,
  facts: TransitSetUpFacts,
): readonly SetUpDocument[] {
  const plan = planOf(account, facts);
  const customer = (
    title: string,
    language: SetUpDocument['language'],
    text: string,
    note?: string,
  ): SetUpDocument => ({ title, who: 'CUSTOMER', language, text, ...(note === undefined ? {} : { note }) });
  return [
    customer('Engine and key', 'sh', keyCommands(plan)),
    customer('Policy', 'hcl', transitPolicy(plan).trimEnd(), 'Save it as cmk.hcl.'),
    customer('Policy: command', 'sh', inNamespace(plan, `vault policy write ${plan.policyName} cmk.hcl`)),
    customer('Login', 'sh', inNamespace(plan, loginCommand(plan, settings)), loginNote(plan)),
    {
      title: 'Entry in the list of servers',
      who: 'PROVIDER',
      language: 'json',
      text: formatJson(serverEntry(plan)),
      note: 'In the file that CMK_TRANSIT_SERVERS names; add what is missing, such as caPath and tokenPath.',
    },
  ];
}

function planOf(account: string, facts: TransitSetUpFacts): Plan {
  const { url, method, namespace = '', loginMount = method, role } = facts;
  if (namespace !== '') {
    checkFact('namespace', namespace, SEGMENTS, 'namespace without slashes at its ends');
    if (!url.includes(`/v1/${namespace}/`))
      throw badFact('namespace', 'what the path in url begins with', namespace);
  }
  checkFact('loginMount', loginMount, SEGMENTS, 'path below auth/');
  checkFact('role', role, /^\w[\w.-]{0,127}$/, 'name of a role');
  // Whether the operator has listed the server does not matter yet.
  const origin = URL.canParse(url.trim()) ? new URL(url.trim()).origin : '';
  const servers = [{ origin, namespace, ca: null, login: { method: 'token', tokenPath: '' } }] as const;
  const { mount, name } = locate(parseKeyUrl(url, servers), servers) ?? { mount: '', name: '' };
  return {
    account,
    origin,
    namespace,
    mount: namespace === '' ? mount : mount.slice(namespace.length + 1),
    name,
    method,
    loginMount,
    role,
    policyName: `cmk-${name}`,
  };
}

function inNamespace({ namespace }: Plan, ...commands: readonly string[]): string {
  const head = namespace === '' ? [] : [`export VAULT_NAMESPACE=${shellWord(namespace)}`];
  return [...head, ...commands].join('\n');
}

function keyCommands(plan: Plan): string {
  const path = shellWord(plan.mount);
  const enable = plan.mount === 'transit' ? 'transit' : `-path=${path} transit`;
  return inNamespace(
    plan,
    `vault secrets enable ${enable}`,
    `vault write -f ${shellWord(`${plan.mount}/keys/${plan.name}`)} type=aes256-gcm96`,
  );
}

function loginCommand(plan: Plan, settings: Settings): string {
  const { method, loginMount, role, policyName } = plan;
  if (method === 'token') return `vault token create -orphan -period=24h -policy=${policyName}`;
  const subject = ours(settings.transitSubject, 'CMK_TRANSIT_SUBJECT');
  const audience = ours(settings.transitAudience, 'CMK_TRANSIT_AUDIENCE');
  const write = `vault write ${shellWord(`auth/${loginMount}/role/${role}`)} token_policies=${policyName} token_ttl=1h`;
  if (method === 'jwt') {
    return shellCommand(
      `${write} role_type=jwt user_claim=sub`,
      `bound_subject=${shellWord(subject)} bound_audiences=${shellWord(audience)}`,
    );
  }
  const [, namespace = subject, name = subject] =
    /^system:serviceaccount:([a-z0-9-]{1,63}):([a-z0-9.-]{1,253})$/.exec(subject) ?? [];
  return shellCommand(
    write,
    `bound_service_account_names=${shellWord(name)} bound_service_account_namespaces=${shellWord(namespace)}`,
    `audience=${shellWord(audience)}`,
  );
}

function loginNote({ method, policyName }: Plan): string {
  if (method === 'token')
    return 'For whatever keeps the token in the file that the broker reads; it must renew it each day.';
  return `A role with other policies already needs ${policyName} beside them: the command replaces them.`;
}

function serverEntry({ origin, namespace, method, loginMount, role }: Plan): Json {
  const login: Json =
    method === 'token'
      ? { method, tokenPath: '<TOKEN_FILE>' }
      : {
          method,
          ...(loginMount === method ? {} : { mount: loginMount }),
          role,
          ...(method === 'jwt' ? { tokenPath: '<TOKEN_FILE>' } : {}),
        };
  return { servers: [{ url: origin, ...(namespace === '' ? {} : { namespace }), login }] };
}
