import type { Capability, Parameters, PathRule } from './hcl.ts';

/** A request as policies see it. */
export interface AclRequest {
  /** Without `/v1/` and namespace. */
  readonly path: string;
  readonly capability: Capability;
  /** The body's fields. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/**
 * Whether policies together allow a request, as Vault decides it: the most specific path alone counts (exact before the
 * longest prefix), rules of several policies for that path are united, and `deny` wins.
 */
export function isAllowed(policies: readonly (readonly PathRule[])[], request: AclRequest): boolean {
  const matching = policies.flat().filter(({ path }) => matches(path, request.path));
  const best = matching.reduce<PathRule | null>((found, rule) => {
    return found && rank(found.path) >= rank(rule.path) ? found : rule;
  }, null);
  const rules = matching.filter(({ path }) => path === best?.path);
  if (rules.some(({ capabilities }) => capabilities.includes('deny'))) return false;
  if (!rules.some(({ capabilities }) => capabilities.includes(request.capability))) return false;
  // Reading has no body, and parameters concern writing alone.
  if (request.capability !== 'update' && request.capability !== 'create') return true;
  const [constrained, ...others] = rules.filter(hasParameters);
  if (!constrained) return true;
  if (others.length > 0 || rules.length > 1) {
    throw new Error(`${constrained.path}: parameters of several policies are not supported by this emulator`);
  }
  return allowsParameters(constrained, request.fields);
}

function hasParameters(rule: PathRule): boolean {
  return (
    rule.requiredParameters.length > 0 || rule.allowedParameters !== null || rule.deniedParameters !== null
  );
}

function matches(pattern: string, path: string): boolean {
  return pattern.endsWith('*') ? path.startsWith(pattern.slice(0, -1)) : path === pattern;
}

function rank(pattern: string): number {
  return pattern.endsWith('*') ? pattern.length - 1 : Infinity;
}

function allowsParameters(rule: PathRule, body: Readonly<Record<string, unknown>>): boolean {
  const fields = Object.fromEntries(Object.entries(body).map(([name, value]) => [name.toLowerCase(), value]));
  const { requiredParameters, allowedParameters: allowed, deniedParameters: denied } = rule;
  if (requiredParameters.some((name) => !(name in fields))) return false;
  return Object.entries(fields).every(([name, value]) => {
    if (denied && ('*' in denied || isListed(denied, name, value))) return false;
    if (!allowed) return true;
    return name in allowed ? isListed(allowed, name, value) : '*' in allowed;
  });
}

/** No values listed: every value is. */
function isListed(parameters: Parameters, name: string, value: unknown): boolean {
  const values = parameters[name];
  if (!values) return false;
  return (
    values.length === 0 || (typeof value === 'string' && values.some((glob) => globMatches(glob, value)))
  );
}

/** `*` counts at the beginning and at the end. */
function globMatches(glob: string, text: string): boolean {
  const atStart = glob.startsWith('*');
  const atEnd = glob.length > 1 && glob.endsWith('*');
  const part = glob.slice(atStart ? 1 : 0, atEnd ? -1 : undefined);
  if (atStart && atEnd) return text.includes(part);
  if (atStart) return text.endsWith(part);
  return atEnd ? text.startsWith(part) : text === part;
}
