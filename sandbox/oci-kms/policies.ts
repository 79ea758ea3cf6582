import { OciError } from './errors.ts';
import type { Group, Principal } from './identities.ts';
import {
  parseStatement,
  type Condition,
  type Define,
  type Grant,
  type Statement,
  type Variable,
  type Verb,
} from './policy-statement.ts';

/** What the verbs on `keys` permit, each what the one before it does and more. */
const PERMISSIONS: Readonly<Record<Verb, readonly string[]>> = {
  inspect: ['KEY_INSPECT'],
  read: ['KEY_READ'],
  use: ['KEY_ENCRYPT', 'KEY_DECRYPT', 'KEY_EXPORT', 'KEY_SIGN', 'KEY_VERIFY'],
  manage: ['KEY_CREATE', 'KEY_UPDATE', 'KEY_ROTATE', 'KEY_DELETE'],
};
const VERBS = ['inspect', 'read', 'use', 'manage'] as const;

/** A call as policies see it. */
export interface AccessRequest {
  readonly principal: Principal;
  readonly groups: readonly Group[];
  /** The tenancy, compartment, vault and OCID of the key. */
  readonly target: {
    readonly tenancy: string;
    readonly compartmentId: string;
    readonly compartmentName: string;
    readonly vaultId: string;
    readonly keyId: string;
  };
  readonly permission: string;
  readonly operation: string;
}

export interface Policy {
  readonly tenancy: string;
  readonly name: string;
  readonly statements: readonly string[];
}

interface Understood {
  readonly policy: Policy;
  readonly parsed: readonly Statement[];
}

/** All tenancies' policies. */
export class Policies {
  readonly #byTenancy = new Map<string, Map<string, Understood>>();

  /** @throws OciError InvalidParameter for what the emulator cannot understand */
  put(policy: Policy): void {
    const parsed = policy.statements.map(parseStatement);
    for (const statement of parsed) if (statement.kind !== 'define') checkAliases(statement, parsed);
    const named = this.#byTenancy.get(policy.tenancy) ?? new Map<string, Understood>();
    this.#byTenancy.set(policy.tenancy, named.set(policy.name, { policy, parsed }));
  }

  remove(tenancy: string, name: string): void {
    this.#byTenancy.get(tenancy)?.delete(name);
  }

  all(): Policy[] {
    return [...this.#byTenancy.values()].flatMap((named) => [...named.values()].map(({ policy }) => policy));
  }

  /** Within a tenancy `Allow`; between two both sides' word, `Endorse` there and `Admit` here. */
  allows(request: AccessRequest): boolean {
    const { principal, target } = request;
    const isAtHome = principal.tenancy === target.tenancy;
    if (principal.kind === 'administrator') return isAtHome;
    const granted = (tenancy: string, kind: Grant['kind']) =>
      [...(this.#byTenancy.get(tenancy)?.values() ?? [])].some(({ parsed }) =>
        parsed.some((each) => each.kind === kind && grants(each, parsed, request)),
      );
    if (isAtHome) return granted(target.tenancy, 'allow');
    return granted(principal.tenancy, 'endorse') && granted(target.tenancy, 'admit');
  }
}

function grants(grant: Grant, policy: readonly Statement[], request: AccessRequest): boolean {
  return (
    concernsTenancies(grant, policy, request) &&
    request.groups.some((group) => isSubject(group, grant, policy)) &&
    permissionsOf(grant.verb).includes(request.permission) &&
    isInScope(grant, request) &&
    (grant.condition === null || holds(grant.condition, request))
  );
}

function concernsTenancies(
  grant: Grant,
  policy: readonly Statement[],
  { principal, target }: AccessRequest,
): boolean {
  if (grant.tenancy === null) return true;
  const other = grant.kind === 'admit' ? principal.tenancy : target.tenancy;
  return ocidOf(policy, 'tenancy', grant.tenancy) === other;
}

/** The group's own tenancy knows it by name, any other by what it defined. */
function isSubject(group: Group, { kind, subject }: Grant, policy: readonly Statement[]): boolean {
  if (group.kind !== subject.kind) return false;
  if (kind === 'admit') return ocidOf(policy, subject.kind, subject.name) === group.ocid;
  return group.name.toLowerCase() === subject.name.toLowerCase();
}

function permissionsOf(verb: Verb): readonly string[] {
  return VERBS.slice(0, VERBS.indexOf(verb) + 1).flatMap((each) => PERMISSIONS[each]);
}

function isInScope({ scope }: Grant, { target }: AccessRequest): boolean {
  switch (scope?.kind) {
    case 'compartment':
      return scope.name.toLowerCase() === target.compartmentName.toLowerCase();
    case 'compartment-id':
      return scope.ocid === target.compartmentId;
    case 'tenancy':
    case undefined:
      return true;
  }
}

function holds(condition: Condition, request: AccessRequest): boolean {
  switch (condition.kind) {
    case 'all':
      return condition.conditions.every((each) => holds(each, request));
    case 'any':
      return condition.conditions.some((each) => holds(each, request));
    case 'is':
    case 'is-not': {
      const actual = valueOf(condition.variable, request).toLowerCase();
      return (actual === condition.value.toLowerCase()) === (condition.kind === 'is');
    }
  }
}

function valueOf(variable: Variable, { target, permission, operation }: AccessRequest): string {
  const values: Record<Variable, string> = {
    'target.key.id': target.keyId,
    'target.vault.id': target.vaultId,
    'request.permission': permission,
    'request.operation': operation,
  };
  return values[variable];
}

function checkAliases({ kind, tenancy, subject }: Grant, policy: readonly Statement[]): void {
  const isDefined = (what: Define['what'], alias: string | null) =>
    alias === null || ocidOf(policy, what, alias) !== undefined;
  if (isDefined('tenancy', tenancy) && (kind !== 'admit' || isDefined(subject.kind, subject.name))) return;
  throw new OciError(
    'InvalidParameter',
    `policy statement: ${kind} names what no Define of this policy defines`,
  );
}

function ocidOf(policy: readonly Statement[], what: Define['what'], alias: string): string | undefined {
  const defined = policy.find(
    (each) =>
      each.kind === 'define' && each.what === what && each.alias.toLowerCase() === alias.toLowerCase(),
  );
  return defined?.kind === 'define' ? defined.ocid : undefined;
}
