import { randomBytes } from 'node:crypto';
import { ACCOUNT_PATTERN } from './arn.ts';
import { parsePolicy, type Policy } from './policy-document.ts';

/** Who signed a request, or on whose behalf the control API acts. */
export interface Principal {
  readonly kind: 'root' | 'user' | 'role';
  readonly account: string;
  /** What policies name: `arn:aws:iam::ACCOUNT:root|user/NAME|role/NAME`. */
  readonly arn: string;
  /** What the log names; differs from `arn` for a role: `arn:aws:sts::ACCOUNT:assumed-role/NAME/SESSION`. */
  readonly sessionArn: string;
  /** `AIDA…`, or `AROA…:SESSION`, or the account. */
  readonly id: string;
  /** Absent for root, which needs none. */
  readonly identityPolicy: Policy | null;
}

export interface AccessKey {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Roles have one, users have none. */
  readonly sessionToken?: string;
  /** UNIX milliseconds; roles only. */
  readonly expiresAtMs?: number;
}

/** What {@link Principals.create} needs; in this shape principals also lie in the state file. */
export interface PrincipalSpec {
  readonly account: string;
  readonly kind: 'user' | 'role';
  readonly name: string;
  /** The IAM policy of this identity. Default: every KMS action on every key. */
  readonly identityPolicy?: object;
  /** UNIX milliseconds; default: never. Roles only. */
  readonly expiresAtMs?: number;
}

export interface Credentialed {
  readonly principal: Principal;
  readonly accessKey: AccessKey;
}

const EVERYTHING = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 'kms:*', Resource: '*' }],
};

/** The IAM identities that the emulator knows, by access key. */
export class Principals {
  readonly #byAccessKeyId = new Map<string, Credentialed & { spec: PrincipalSpec }>();

  create(spec: PrincipalSpec, accessKey: AccessKey = newAccessKey(spec)): Credentialed {
    if (!ACCOUNT_PATTERN.test(spec.account))
      throw new Error(`account: expected 12 digits, got ${spec.account}`);
    if (!/^[\w+=,.@-]{1,64}$/.test(spec.name)) throw new Error(`name: not an IAM name: ${spec.name}`);
    const entry = { principal: toPrincipal(spec, accessKey), accessKey, spec };
    this.#byAccessKeyId.set(accessKey.accessKeyId, entry);
    return entry;
  }

  find(accessKeyId: string): Credentialed | undefined {
    return this.#byAccessKeyId.get(accessKeyId);
  }

  remove(accessKeyId: string): void {
    this.#byAccessKeyId.delete(accessKeyId);
  }

  entries(): { spec: PrincipalSpec; accessKey: AccessKey }[] {
    return [...this.#byAccessKeyId.values()].map(({ spec, accessKey }) => ({ spec, accessKey }));
  }
}

/** The account itself: what the customer's administrators act as in the control API. */
export function rootOf(account: string): Principal {
  const arn = `arn:aws:iam::${account}:root`;
  return { kind: 'root', account, arn, sessionArn: arn, id: account, identityPolicy: null };
}

function toPrincipal(spec: PrincipalSpec, accessKey: AccessKey): Principal {
  const { account, kind, name } = spec;
  const suffix = accessKey.accessKeyId.slice(4);
  return {
    kind,
    account,
    arn: `arn:aws:iam::${account}:${kind}/${name}`,
    sessionArn:
      kind === 'user'
        ? `arn:aws:iam::${account}:user/${name}`
        : `arn:aws:sts::${account}:assumed-role/${name}/session`,
    id: kind === 'user' ? `AIDA${suffix}` : `AROA${suffix}:session`,
    identityPolicy: parsePolicy(JSON.stringify(spec.identityPolicy ?? EVERYTHING), 'identity'),
  };
}

function newAccessKey(spec: PrincipalSpec): AccessKey {
  const id = base32(randomBytes(16)).slice(0, 16);
  const secretAccessKey = randomBytes(30).toString('base64');
  if (spec.kind === 'user') return { accessKeyId: `AKIA${id}`, secretAccessKey };
  return {
    accessKeyId: `ASIA${id}`,
    secretAccessKey,
    sessionToken: randomBytes(96).toString('base64'),
    ...(spec.expiresAtMs === undefined ? {} : { expiresAtMs: spec.expiresAtMs }),
  };
}

function base32(bytes: Buffer): string {
  return [...bytes].map((byte) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.charAt(byte & 31)).join('');
}
